"""`datalake sandbox`: serve the three APIs from a simulated market."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

import click

from ..clock import now
from ..errors import ConfigError
from .output import format_option, print_rows
from .parsing import Instant


@click.group("sandbox", invoke_without_command=True)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Listen here; 0 takes a free port.  [default: 0]",
)
@click.option("--as-of", type=Instant(now), help="The instant that the sandbox's clock shows.")
@click.option("--seed", type=int, default=0, help="Another seed is another market.  [default: 0]")
@click.option(
    "--rates",
    type=click.Choice(["fast", "real"]),
    default="real",
    help="The plans' rate limits, or 100 times them.  [default: real]",
)
@click.option(
    "--recordings",
    type=click.Path(path_type=Path),
    help="Serve the recorded answers of this folder.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="PATTERN=ACTION",
    help="Inject a fault, such as 'market_chart=429' or 'llama.fi/protocols=html'.",
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    port: int,
    as_of: datetime | None,
    seed: int,
    rates: Literal["fast", "real"],
    recordings: Path | None,
    faults: tuple[str, ...],
) -> None:
    """Serve the three APIs from a simulated market, for tests and for writing providers.

    Speaks like CoinGecko, DefiLlama and LunarCrush on 127.0.0.1, with their authentication, plans,
    rate limits and error bodies; nothing that it says is the real market. Ctrl-C ends it.
    `datalake sandbox faults` names the faults that can be injected.
    """
    if ctx.invoked_subcommand:
        return
    from datalake_sandbox import Fault, Sandbox, recordings_clock

    try:
        clock = as_of or (recordings_clock(recordings) if recordings else now())
        sandbox = Sandbox(
            clock=clock,
            seed=seed,
            rates=rates,
            recordings=recordings,
            faults=[Fault.parse(text) for text in faults],
            port=port,
        )
    except ValueError as error:
        raise ConfigError(str(error)) from error
    except OSError as error:
        raise ConfigError(
            f"--port {port} cannot be served ({error.strerror or error}): leave it out to take a"
            " free one"
        ) from error
    with sandbox:
        click.echo(
            f"The sandbox shows {clock:%Y-%m-%d %H:%M:%S} UTC on {sandbox.url}; Ctrl-C ends it."
        )
        for origin, place in sandbox.hosts.items():
            click.echo(f"  {origin}  is  {place}")
        for name, value in sandbox.environment.items():
            click.echo(f"  {name}={value}")
        sandbox.serve_forever()


@command.command("faults")
@format_option
def faults_(form: str) -> None:
    """Name the faults that --fault, and --sandbox-fault of a run, can inject.

    A fault is written as PATTERN=ACTION, where PATTERN is a regex on host/path?query. After it may
    come how often it strikes: *3 three times only, +5 after five were spared, @0.1 one in ten.

    \b
    Examples:
      datalake sandbox faults
      datalake sandbox faults --format json
    """
    from datalake_sandbox import KINDS

    print_rows([{"action": kind.written, "does": kind.does} for kind in KINDS], form)
