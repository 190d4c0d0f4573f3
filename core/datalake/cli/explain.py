"""`datalake explain`: one published number, taken apart and recomputed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import click

from ..errors import ConfigError, StoreError
from ..exits import Exit
from ..explaining.cell import FAILED, NO_VALUE, NOT_TAKEN, Part
from ..explaining.explain import Explained, explain
from ..explaining.plain import plain
from ..explaining.published import lake_of, read_file
from ..running.records.inputs import Input
from .output import console, format_option, new_table, print_fitting, print_json
from .parsing import Day
from .surroundings import Surroundings, surroundings

#: Members that are shown one by one.
MOST = 12


@click.command("explain")
@click.argument("asset")
@click.argument("column")
@click.option("--date", "day", type=Day(), help="Which day.  [default: the newest with a value]")
@click.option("--output", metavar="PATH", help="The published file: a path, or gs://….")
@click.option(
    "--cache",
    metavar="URL",
    help="The cache of the run.  [default: the one that its report names]",
)
@format_option
@surroundings("The sandbox's file and cache.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    asset: str,
    column: str,
    day: date | None,
    output: str | None,
    cache: str | None,
    around: Surroundings,
    form: str,
) -> None:
    """Explain one published number: its rule, what each member gave, and where that came from.

    The number is recomputed from the inputs of the run that published it, as they were known then,
    whatever the cache has learnt since; exit code 1 says that it does not come out equal, or that
    some of those inputs are gone.

    \b
    Examples:
      datalake explain bitcoin volume --sandbox
      datalake explain bitcoin volume --sandbox --date 2026-02-14 --format json
    """
    try:
        file = read_file(around.place(output))
        store = around.store(cache or lake_of(file))
        found = explain(file, store, around.registry, asset, column, day)
    except StoreError as error:
        raise ConfigError(f"what was published cannot be explained: {error}") from error
    if form == "json":
        print_json(plain(found, asset))
    else:
        _print(found, asset)
    ctx.exit(0 if found.equal else Exit.ERROR)


def _print(found: Explained, asset: str) -> None:
    screen = console()
    rule = found.cell.rule
    if asset != found.canonical_id:
        screen.print(f"{asset} is folded into {found.canonical_id}", markup=False)
    for line in (
        f"{found.canonical_id} {found.column} on {found.day}: {_value(found.published)}",
        f"rule {rule.text} ({rule.where}), from {', '.join(rule.source)}",
        *([found.cell.note] if found.cell.note else ()),
        *([_OPEN] if found.open_day else ()),
    ):
        screen.print(line, markup=False)
    _print_members(found.cell.members)
    for part in found.cell.members:
        if part.guard:
            screen.print(f"guard: {part.asset} is {part.guard}", markup=False)
    for why in (NOT_TAKEN, NO_VALUE, FAILED) if rule.needs_members else ():
        if some := [part.asset for part in found.cell.members if part.why == why]:
            screen.print(f"{why} ({len(some)}): {', '.join(some)}", markup=False)
    shown = [part.asset for part in _largest(found.cell.members)] or [found.canonical_id]
    _print_series([one for asset in shown for one in found.inputs if one.asset == asset])
    screen.print(_verdict(found), markup=False)


_OPEN = "the day was open: its values are those of snapshots, which the record of the run keeps"


def _largest(parts: Sequence[Part]) -> list[Part]:
    """The members that decided on the value, largest first, down to MOST."""
    some = [part for part in parts if part.entered or part.guard]
    return sorted(some, key=lambda part: -abs(part.value or 0))[:MOST]


def _print_members(parts: Sequence[Part]) -> None:
    shown = _largest(parts)
    if not shown:
        return
    table = new_table("Members")
    for heading in ("asset", "kind", "value", "what became of it", "where"):
        justify: Any = "right" if heading == "value" else "left"
        table.add_column(heading, justify=justify, overflow="fold")
    for part in shown:
        table.add_row(part.asset, part.kind, _value(part.value), part.why, part.where or "—")
    screen = console()
    print_fitting(screen, table)
    smaller = [part for part in parts if part.entered and part not in shown]
    if smaller:
        whole = sum(part.value or 0 for part in smaller)
        screen.print(f"and {len(smaller)} smaller ones, {_value(whole)} in all (--format json)")


def _print_series(inputs: Sequence[Input]) -> None:
    """Where the values came from, one table for each dataset."""
    for dataset in dict.fromkeys(f"{one.provider}.{one.dataset}" for one in inputs):
        table = new_table(f"From {dataset}, as the cache had it")
        for heading in ("asset", "last learnt", "how", "known there as", "sha256"):
            table.add_column(heading, overflow="fold")
        for one in inputs:
            if f"{one.provider}.{one.dataset}" == dataset:
                learnt = f"{one.learnt_at:%Y-%m-%d %H:%MZ}" if one.learnt_at else "—"
                name, sha = one.native_id or "—", (one.sha256 or "—")[:12]
                table.add_row(one.asset, learnt, one.how, name, sha)
        print_fitting(console(), table)


def _verdict(found: Explained) -> str:
    run = f"run {found.run_id} (as of {found.as_of:%Y-%m-%d %H:%MZ})"
    if found.lost:
        gone = "; ".join(f"{name}: {reason}" for name, reason in found.lost.items())
        return f"It cannot be recomputed: what {run} used is not all there any more ({gone})"
    if found.equal:
        return f"Recomputed from the inputs of {run}: equal to what is published"
    return (
        f"Recomputed from the inputs of {run}: {_value(found.cell.value)}, which is NOT published"
    )


def _value(value: float | None) -> str:
    """Exact enough to be read; JSON has every digit."""
    if value is None:
        return "null"
    return f"{value:,.2f}" if abs(value) >= 1_000 else f"{value:.10g}"
