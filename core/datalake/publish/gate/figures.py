"""What a file has of each asset: one pass over its rows, of which several checks make use."""

from __future__ import annotations

from datetime import date

import polars as pl

from ..rows import collected, values_of

FIRST, ROWS = "first day", "all rows"


def figures(rows: pl.LazyFrame, since: date = date.min) -> pl.DataFrame:
    """By `canonical_id` `all rows` there are and the `first day`; and by value column the last
    day with a value (under its name), how many are `COLUMN known`, and how many `COLUMN since`."""
    recent = pl.col("date") >= since
    known = [(name, pl.col(name).is_not_null()) for name in values_of(rows)]
    return collected(
        rows.group_by("canonical_id").agg(
            pl.len().alias(ROWS),
            pl.col("date").min().alias(FIRST),
            *(pl.when(there).then(pl.col("date")).max().alias(name) for name, there in known),
            *(there.sum().alias(f"{name} known") for name, there in known),
            *((there & recent).sum().alias(f"{name} since") for name, there in known),
        )
    )


def assets_of(figures: pl.DataFrame) -> set[str]:
    """The assets that have rows."""
    return set(figures["canonical_id"].drop_nulls())


def first_day(figures: pl.DataFrame) -> date:
    """The first day of all assets; date.max where there are none."""
    days: list[date] = figures[FIRST].drop_nulls().to_list()
    return min(days, default=date.max)


def total(figures: pl.DataFrame, name: str) -> int:
    """The sum of a figure of all assets."""
    return int(figures[name].sum())
