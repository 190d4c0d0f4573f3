"""`datalake status`: how things stand, and what whoever is on call does next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from attrs import asdict

from ..clock import now
from ..exits import Exit
from .lakes import Lake, lake_options
from .output import print_json, print_rows

if TYPE_CHECKING:
    from ..running.reporting.status import Published, Status


@click.command("status")
@click.option("--output", metavar="PATH", help="Which published file: a path, or gs://….")
@lake_options
@click.pass_context
def command(ctx: click.Context, /, output: str | None, lake: Lake, form: str) -> None:
    """Show how things stand: last run, what is known through when, what is published, what next.

    Exit code 0 says that all is well, a run at work included; 3 that something needs a look,
    which the lines that begin with `next` name; 2 that the cache cannot be read.

    \b
    Examples:
      datalake status
      datalake status --format json
    """
    from ..running.reporting.status import status

    found = status(lake.store, lake.around.registry, lake.around.place(output), now())
    if form == "json":
        print_json(asdict(found))
    else:
        _print(found)
    ctx.exit(Exit.DEGRADED if found.next else 0)


def _print(found: Status) -> None:
    if found.run:
        code = "" if found.run.exit_code is None else f" (exit code {found.run.exit_code})"
        click.echo(f"last run   {found.run.run_id}  {found.run.status}{code}: {found.message}")
    if found.published and found.published.version:  # what is wrong else is a next step
        click.echo(f"published  {_told(found.published)}")
    if found.published and found.published.held_by:
        click.echo(f"at work    {found.published.held_by}")
    if found.providers:
        print_rows([_provider(asdict(one)) for one in found.providers], "table")
    if found.columns:
        print_rows([_column(asdict(one)) for one in found.columns], "table")
    for step in found.next or [_nothing(found)]:
        click.echo(f"next       {step}")


def _nothing(found: Status) -> str:
    if found.published and found.published.at_work:
        return "nothing: a run is at work"
    return "nothing: all is known through the day that its source has settled"


def _told(one: Published) -> str:
    return f"version {one.version} of {(one.published_at or '')[:16]}Z in {one.path}"


def _provider(one: dict[str, Any]) -> dict[str, Any]:
    since = one["failing_since"]
    return {
        "provider": one["provider"],
        "through": one["through"],
        "behind": f"{one['days_behind']} d" if one["days_behind"] else "",
        "failed series": one["failed"] or "",
        "failing since": f"{since[:16]}Z" if since else "",
    }


def _column(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "column": one["column"],
        "through": one["through"],
        "could be": one["expected"],
        "behind": f"{one['days_behind']} d" if one["days_behind"] else "",
        "source": one["source"],
    }
