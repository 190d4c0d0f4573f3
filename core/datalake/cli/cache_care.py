"""`datalake cache verify | prune | export | import`: what keeps a cache sound and movable."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from attrs import asdict

from ..clock import now
from ..errors import ConfigError
from ..exits import Exit
from ..lake.inventory import take
from ..lake.portable import bring_in, carried, export
from ..lake.pruning import remove, superfluous
from ..lake.verifying import Fault, verify
from ..publish.files import replacing
from .cache import command
from .lakes import Lake, lake_options
from .numbers import size
from .output import print_json, print_rows

UNITS = {"d": "days", "w": "weeks", "h": "hours"}


class Age(click.ParamType[timedelta]):
    """A span of time, `90d`, `12w` or `36h`."""

    name = "age"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d{1,5})([dwh])", value)
        if not found:
            self.fail(f"{value!r} is not an age like 90d, 12w or 36h", param, ctx)
        return timedelta(**{UNITS[found[2]]: int(found[1])})


@command.command("verify")
@click.option("--repair", is_flag=True, help="Remove what cannot be used; a run fetches it anew.")
@lake_options
@click.pass_context
def verify_(ctx: click.Context, /, repair: bool, lake: Lake, form: str) -> None:
    """Read every object and say which ones cannot be used, and why.

    What is not this lake's is named and left alone. Exit code 3 says that something is amiss.

    \b
    Examples:
      datalake cache verify
      datalake cache verify --repair
    """
    found = verify(lake.store, lake.around.registry, repair=repair)
    if form == "json":
        print_json(asdict(found))
    else:
        if found.faults:
            print_rows([_fault_row(one) for one in found.faults], form)
        damaged = sum(not one.foreign for one in found.faults)
        read = f"{found.checked:,} objects read ({size(found.bytes)})"
        click.echo(f"{read}, {damaged} cannot be used")
    amiss = any(not (one.repaired or one.foreign) for one in found.faults)
    ctx.exit(Exit.DEGRADED if amiss else 0)


def _fault_row(fault: Fault) -> dict[str, str]:
    then = "removed" if fault.repaired else "a run replaces it"
    return {
        "object": fault.key,
        "reason": fault.reason,
        "then": "left alone" if fault.foreign or fault.unread else then,
    }


@command.command("prune")
@click.option(
    "--older",
    type=Age(),
    help="Series that nobody asked for, records of runs that ended so long ago: 90d, 12w.",
)
@click.option("--orphans", is_flag=True, help="What no installed plugin offers or reads any more.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@lake_options
@click.pass_context
def prune(
    ctx: click.Context,
    /,
    older: timedelta | None,
    orphans: bool,
    dry_run: bool,
    lake: Lake,
    form: str,
) -> None:
    """Remove what nobody needs any more; what is not this lake's is never touched.

    \b
    Examples:
      datalake cache prune --older 400d --dry-run
      datalake cache prune --orphans
    """
    if older is None and not orphans:
        raise click.UsageError("say what is to go: --older AGE, --orphans, or both")
    going = list(superfluous(take(lake.store), lake.around.registry, now(), older, orphans))
    gone = going if dry_run else [remove(lake.store, one) for one in going]
    if form == "json":
        print_json([asdict(one) for one in gone])
    elif gone:
        print_rows([{"object": one.key, "reason": one.error or one.reason} for one in gone], form)
    if form != "json":
        done = [one for one in gone if not one.error]
        verb = "would be removed" if dry_run else "removed"
        click.echo(f"{len(done):,} objects ({size(sum(one.bytes for one in done))}) {verb}")
    ctx.exit(Exit.DEGRADED if any(one.error for one in gone) else 0)


@command.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("pattern", nargs=-1)
@lake_options
def export_(file: Path, pattern: tuple[str, ...], lake: Lake, form: str) -> None:
    """Write the cache, or the series that a PATTERN fits, into one FILE to carry elsewhere.

    The file holds series, what revisions replaced in them, and the archived universes; without a
    PATTERN also the reports of runs and what they were made of, so that datalake runs replay works
    elsewhere. The same cache gives the same bytes.

    \b
    Examples:
      datalake cache export lake.tar
      datalake cache export bitcoin.tar '*/bitcoin'
    """
    items = carried(lake.store, pattern)
    if not any(item.kind == "mark" for item in items):
        raise ConfigError(f"{lake.store.url} holds no lake: there is nothing to export")
    try:
        with replacing(file) as sink:
            count = export(lake.store, items, sink)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror or error}") from error
    if form == "json":
        print_json({"file": str(file), "objects": count, "bytes": file.stat().st_size})
    else:
        click.echo(f"{count:,} objects ({size(file.stat().st_size)}) in {file}")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@lake_options
@click.pass_context
def import_(ctx: click.Context, /, file: Path, lake: Lake, form: str) -> None:
    """Add what an exported FILE holds; a series that is there already is merged, never replaced.

    \b
    Examples:
      datalake cache import lake.tar --cache gs://bucket/prefix
    """
    found = [
        one for one in bring_in(lake.store, lake.around.registry, file) if one.key != "lake.json"
    ]
    refused = [one for one in found if one.outcome == "refused"]
    counts: Counter[str] = Counter(one.outcome for one in found)
    if form == "json":
        print_json({**counts, "refused": [asdict(one) for one in refused]})
    else:
        if refused:
            print_rows([{"object": one.key, "reason": one.reason} for one in refused], form)
        outcomes = ("added", "merged", "same", "refused")
        told = ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in outcomes)
        click.echo(f"{len(found):,} objects: {told}")
    ctx.exit(Exit.DEGRADED if refused else 0)
