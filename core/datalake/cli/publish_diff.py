"""`datalake publish diff`: what changed from one version to another, and why."""

from __future__ import annotations

from typing import Any

import click
from attrs import asdict

from ..publish.diff import CAUSES, Change, Difference, compare, largest, totals
from ..publish.history import before, find, read_history
from .output import print_json, print_rows
from .publish import Output, command, output_options

#: Single changes and names that are shown; JSON has them all.
SHOWN, NAMED = 15, 5


@command.command("diff")
@click.argument("a", required=False)
@click.argument("b", required=False)
@output_options
def diff(a: str | None, b: str | None, output: Output, form: str) -> None:
    """Say what changed from version A to version B, by asset and column, and why.

    Without B it is compared with the current one; without A, with what was before that.

    \b
    Examples:
      datalake publish diff
      datalake publish diff 6 7 --format json
    """
    pointer = read_history(output.place)
    later = find(pointer, b) if b else pointer.current
    earlier = find(pointer, a) if a else before(pointer)
    found = compare(output.place, earlier, later)
    if form == "json":
        changes = [{**asdict(one), "change": one.share} for one in found.changes]
        document = {
            "from": earlier.plain(),
            "to": later.plain(),
            "totals": totals(found.changes),
        }
        print_json({**document, **asdict(found), "changes": changes})
        return
    click.echo(f"{earlier.version} → {later.version}")
    _tell(found)


def _tell(found: Difference) -> None:
    """Totals by cause, then the largest changes of what had been published."""
    if not found.changes:
        click.echo("no value differs")
    else:
        rows = [{"why": CAUSES[one.pop("why")], **one} for one in totals(found.changes)]
        print_rows(rows, "table")
    if found.mapping_changed:
        click.echo("the mapping is another one")
    for what, names in {
        "assets that came": found.came,
        "assets that left": found.left,
        "columns that came": found.columns_came,
        "columns that left": found.columns_left,
    }.items():
        if names:
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            click.echo(f"{what}: {', '.join(names[:NAMED])}{more}")
    told = largest(found.changes)
    if told:
        print_rows(
            [_row(one) for one in told[:SHOWN]], "table", "What had been published, and changed"
        )
    if len(told) > SHOWN:
        click.echo(f"and {len(told) - SHOWN:,} more; --format json has them all")


def _row(change: Change) -> dict[str, Any]:
    days = f"{change.first} … {change.last}" if change.cells > 1 else str(change.first)
    return {
        "asset": change.canonical_id,
        "column": change.column,
        "why": change.why,
        "cells": change.cells,
        "days": days,
        "most on": change.day,
        "before": _value(change.before),
        "after": _value(change.after),
        "change": f"{change.share:+.2%}" if change.share else None,
    }


def _value(value: float | None) -> str | None:
    return None if value is None else f"{value:,.6g}"
