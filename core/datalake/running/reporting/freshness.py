"""Through which day each column is known: what a report, a status and a summary tell of it."""

from __future__ import annotations

from typing import Any

import polars as pl

from datalake_aggregation import Mapping

from ...plugins import Registry
from ...publish.candidate import closed_rows
from ...publish.rows import collected, values_of
from ..folding.frame import freshness
from ..folding.notes import column_notes
from ..folding.recipe import Recipe


def freshness_section(
    recipe: Recipe, rows: pl.LazyFrame | None, mapping: Mapping, registry: Registry
) -> dict[str, Any]:
    """By column: its `source`, through which day (`through`) most of its assets are known, through
    which they could be (`expected`), the `assets` and `values` that it has, and how many assets are
    `behind` the expected day. All of closed days alone. Empty where there are no rows at all."""
    if rows is None:
        return {}
    if recipe.open_day:
        rows = closed_rows(rows, recipe.open_day)
    last = freshness(rows)
    counts = collected(rows.select(pl.col(values_of(rows)).count())).row(0, named=True)
    notes = column_notes(mapping, registry, recipe.columns, recipe.as_of, recipe.last_day)
    section = {}
    for note in notes:
        days = sorted(day for one in last.values() if (day := one[note.name]))
        expected = note.last_closed
        section[note.name] = {
            "source": note.source,
            "through": days[(len(days) - 1) // 2].isoformat() if days else None,
            "expected": expected.isoformat() if expected else None,
            "assets": len(days),
            "behind": sum(day < expected for day in days) if expected else 0,
            "values": counts[note.name],
        }
    return section
