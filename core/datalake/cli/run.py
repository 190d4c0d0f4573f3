"""`datalake run`: make and publish the dataset."""

from __future__ import annotations

import logging
import sys
from contextlib import redirect_stdout
from typing import Any

import click

from ..running.pipeline import run
from .logs import say
from .output import forget
from .plan import print_plan
from .progress import watch
from .run_options import asked, run_options
from .summary import show


@click.command("run")
@click.option("--dry-run", is_flag=True, help="Only say what it would cost, as datalake plan does.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    help="With --dry-run: a table to read, or JSON.  [default: table]",
)
@run_options
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
    dry, form = flags.pop("dry_run"), flags.pop("form")
    wish = asked(flags)
    if dry:
        print_plan(wish, form)
        return
    with redirect_stdout(sys.stderr):  # a provider that prints must not spoil what is piped on
        result = run(
            wish.options,
            wish.registry,
            wish.environment,
            progress=watch(wish.quiet, wish.log_format),
            run_id=wish.run_id,
        )
    try:
        show(result, wish.quiet)
        sys.stdout.flush()
    except OSError as error:
        forget(1)
        if not isinstance(error, BrokenPipeError):
            reason = error.strerror or error
            say(f"warning: the summary cannot be printed: {reason}", logging.WARNING)
    ctx.exit(int(result.exit))
