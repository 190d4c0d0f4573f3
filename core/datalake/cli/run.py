"""`datalake run`: make and publish the dataset."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import click

from ..client.budget import ALL
from ..clock import now
from ..environment import read_environment
from ..errors import ConfigError
from ..plugins import Registry, keys
from ..publish.pointer import Keep
from ..run.options import Options
from ..run.pipeline import run
from ..run.report import new_run_id
from ..settings import RunSettings, read_settings
from ..suggest import did_you_mean
from .logs import configure, say
from .output import forget
from .parsing import Day, Instant, LastDay, Limit, Names, Span
from .places import OUTPUT, SANDBOX, default_cache
from .plugins import find_plugins, plugin_options, tell_broken
from .progress import watch
from .summary import show


@click.command("run")
@click.option("--providers", help="`all` that are installed (the default), or names: a,b.")
@click.option("--top", type=int, help="How many canonical assets.  [default: 200]")
@click.option("--assets", type=Names(), help="These assets instead of the largest.")
@click.option("--datasets", type=Names(), help="Only these datasets: coingecko.market,…")
@click.option("--since", type=Day(), help="First day.  [default: all that the plan offers]")
@click.option(
    "--until", type=LastDay(), help="Last day; `now` has today as well.  [default: yesterday]"
)
@click.option("--as-of", type=Instant(now), help="Run as if it were this instant (UTC).")
@click.option("--cache", help="Where series are kept: a folder, file:, memory:, …")
@click.option("--output", metavar="PATH", help="The file to publish: a path, or gs://….")
@click.option("--mapping", type=click.Path(path_type=Path), help="YAML over the shipped mapping.")
@click.option(
    "--columns",
    type=click.Choice(["standard", "extended"]),
    help="Which columns to publish.  [default: standard]",
)
@click.option("--sandbox", is_flag=True, help="A simulated market; no key, no network.")
@click.option(
    "--recordings",
    type=click.Path(path_type=Path),
    help="With --sandbox: serve the recorded answers of this folder.",
)
@click.option(
    "--sandbox-rates",
    type=click.Choice(["fast", "real"]),
    default="fast",
    help="With --sandbox: 100 times the plan's rate limit, or the real one.  [default: fast]",
)
@click.option(
    "--sandbox-fault",
    "sandbox_faults",
    multiple=True,
    metavar="PATTERN=ACTION",
    help="With --sandbox: a fault, such as 'lunarcrush=503'; see `datalake sandbox faults`.",
)
@click.option("--offline", is_flag=True, help="Ask no provider: use what the cache holds.")
@click.option(
    "--refresh",
    type=Names(),
    is_flag=False,
    flag_value="all",
    help="Fetch anew whatever is cached: everything, or --refresh=NAME of a provider or dataset.",
)
@click.option(
    "--max-calls",
    type=Limit(),
    multiple=True,
    help="Make no more calls: 400 in all, or lunarcrush=50 to one provider.",
)
@click.option("--timeout", type=Span(), help="Make no call so long after the beginning: 20m.")
@click.option("--strict", is_flag=True, help="Publish nothing if any series is missing or stale.")
@click.option("--force-publish", metavar="REASON", help="Publish although the gate refuses.")
@click.option("--report", type=click.Path(path_type=Path), help="Also write the run report here.")
@click.option("--quiet", is_flag=True, help="No progress and no summary.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="warning",
    help="The lowest level that is logged, on stderr.  [default: warning]",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How a line of the log is written.  [default: text]",
)
@plugin_options
@click.pass_context
def command(ctx: click.Context, /, **flags: Any) -> None:
    """Make and publish the dataset.

    \b
    Examples:
      datalake run --sandbox                     the whole pipeline on a simulated market
      datalake run --providers all               the real APIs; keys come from .env
      datalake run --until now                   today as well, by a handful of calls
      datalake run --assets bitcoin,ethereum --since 2024-01-01 --output btc_eth.parquet

    \b
    Exit codes: 0 published · 1 unexpected error · 2 usage or configuration · 3 published,
    but some series failed or are stale · 4 refused by the gate, the published file stands ·
    5 another run is at work on this output · 6 no calls or no time left (--max-calls,
    --timeout), the published file stands · 7 every provider failed · 130 interrupted ·
    143 terminated
    """
    quiet: bool = flags.pop("quiet")
    level, form = flags.pop("log_level"), flags.pop("log_format")
    run_id = new_run_id(now())
    configure(level, form, (), run_id)  # what is read next may have something to say
    environment = read_environment(os.environ, Path(".env"))
    registry = find_plugins(flags.pop("plugins"), flags.pop("no_plugins"), environment)
    configure(level, form, keys(registry, environment), run_id)
    tell_broken(registry)
    options = _options(flags, environment, registry)
    with redirect_stdout(sys.stderr):  # a provider that prints must not spoil what is piped on
        progress = watch(quiet, form)
        result = run(options, registry, environment, progress=progress, run_id=run_id)
    try:
        show(result, quiet)
        sys.stdout.flush()
    except OSError as error:
        forget(1)
        if not isinstance(error, BrokenPipeError):
            reason = error.strerror or error
            say(f"warning: the summary cannot be printed: {reason}", logging.WARNING)
    ctx.exit(int(result.exit))


def _options(flags: dict[str, Any], environment: Mapping[str, str], registry: Registry) -> Options:
    """Flags over `datalake.toml` over the defaults."""
    settings = read_settings()
    for name in settings.rates:
        if name not in registry.providers:
            hint = did_you_mean(name, registry.providers)
            say(f"warning: datalake.toml: rates.{name}: no such provider{hint}", logging.WARNING)
    file = settings.run
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    providers = given.pop("providers", file.providers)
    limits = dict(given.pop("max_calls", ()))
    _check_limits(limits, registry)
    place = _sandbox_place(flags["recordings"]) if flags["sandbox"] else _place(file, environment)
    defaults: dict[str, Any] = {
        **place,
        "top": file.top,
        "columns": file.columns,
        "mapping": Path(file.mapping) if file.mapping else None,
        "since": file.since,
        "rates": settings.rates,
        "mirror": settings.cache,
        "gate": settings.gate,
        "keep": Keep(settings.publish.history),
        "max_calls": limits,
    }
    return Options(
        **{
            **defaults,
            **given,
            "providers": None if providers == "all" else Names().convert(providers, None, None),
        }
    )


def _check_limits(limits: Mapping[str, int], registry: Registry) -> None:
    for name in limits:
        if name != ALL and name not in registry.providers:
            hint = did_you_mean(name, registry.providers)
            raise ConfigError(f"--max-calls {name}={limits[name]}: no such provider{hint}")


def _sandbox_place(recordings: Path | None) -> dict[str, Any]:
    """Simulated and recorded data stay apart from real data and from each other."""
    folder = SANDBOX / "recordings" if recordings else SANDBOX
    return {"cache": str(folder), "output": str(folder / OUTPUT)}


def _place(file: RunSettings, environment: Mapping[str, str]) -> dict[str, Any]:
    cache = file.cache or default_cache(False, environment)
    return {"cache": cache, "output": file.output or OUTPUT}
