"""`datalake runs`: what runs did, and the proof that one can be made again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from attrs import asdict

from ..exits import Exit
from ..running.reporting import kept, requested
from .lakes import Lake, lake_options
from .output import print_json, print_rows

if TYPE_CHECKING:
    from ..running.records.replay import Replayed


@click.group("runs")
def command() -> None:
    """Look at what runs did, and make one again.

    A RUN is named by its id, by the beginning of it, or as last.
    """


@command.command("list")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, help="How many at most.  [default: 20]"
)
@lake_options
def list_(limit: int, lake: Lake, form: str) -> None:
    """List the runs that left a report in the cache, the newest first.

    \b
    Examples:
      datalake runs list
      datalake runs list --limit 100 --format json
    """
    found = kept.runs(lake.store)[:limit]
    if form == "json":
        print_json([asdict(one) for one in found])
    elif found:
        print_rows([_row(one) for one in found], form, whole=("run",))
    else:
        click.echo(f"{lake.store.url} keeps no report of any run")


@command.command("show")
@click.argument("run")
@click.option("--requests", is_flag=True, help="Show each request that it made instead.")
@lake_options
def show(run: str, requests: bool, lake: Lake, form: str) -> None:
    """Show how one RUN went: what a run prints in the end, from its report.

    \b
    Examples:
      datalake runs show last
      datalake runs show last --format json
      datalake runs show last --requests
    """
    from .summary import print_report

    run_id = kept.find(lake.store, run)
    if requests:
        print_rows(requested.read(lake.store, run_id), form, f"Requests of run {run_id}")
        return
    report = kept.read(lake.store, run_id)
    if form == "json":
        print_json(report)
    else:
        print_report(report)


@command.command("replay")
@click.argument("run")
@click.option("--offline", is_flag=True, help="Ask no provider, which a replay never does.")
@lake_options
@click.pass_context
def replay_(ctx: click.Context, /, run: str, offline: bool, lake: Lake, form: str) -> None:
    """Make the rows of a RUN again from the cache alone, and compare them with what it had.

    Nothing is published. Exit code 0 says that the bytes are the same; 3 that they are not, or
    that the cache no longer holds all that the run used.

    \b
    Examples:
      datalake runs replay last --offline
    """
    from ..running.records.replay import replay

    report = kept.read(lake.store, kept.find(lake.store, run))
    found = replay(lake.store, lake.around.registry, report)
    if form == "json":
        print_json(asdict(found))
    else:
        click.echo(f"run {found.run_id} {_verdict(found)}")
        for line in found.differences:
            click.echo(f"  {line}")
    ctx.exit(0 if found.outcome == "equal" else Exit.DEGRADED)


def _verdict(found: Replayed) -> str:
    if found.outcome == "equal":
        rows, series = f"{found.rows or 0:,}", f"{found.series:,}"
        return f"equal: {rows} rows from {series} series, sha256 {found.sha256}"
    if found.outcome == "differs":
        return f"differs: sha256 {found.sha256}, and the run had {found.expected}"
    lost = f"{len(found.differences):,} of {found.series:,}"
    return f"incomplete: {lost} series cannot be had as the run had them"


def _row(one: kept.Kept) -> dict[str, Any]:
    return {
        "run": one.run_id,
        "status": one.status,
        "as of": (one.as_of or "")[:10] or None,
        "calls": one.calls,
        "cached": one.cache_hits,
        "rows": None if one.rows is None else f"{one.rows:,}",
    }
