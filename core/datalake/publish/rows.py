"""Rows of a data file that need not be in memory: scanned, sorted by asset and day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import polars as pl

from ..names import KEYS

#: Assets of which the rows of two files are looked at side by side.
AT_ONCE = 25


def collected(rows: pl.LazyFrame) -> pl.DataFrame:
    """What comes of a query, a few rows in memory at a time."""
    return rows.collect(engine="streaming")


def height(rows: pl.LazyFrame) -> int:
    """How many rows there are."""
    count: int = collected(rows.select(pl.len())).item()
    return count


def values_of(rows: pl.LazyFrame) -> list[str]:
    """The value columns."""
    return [name for name in rows.collect_schema().names() if name not in KEYS]


def ids_of(rows: pl.LazyFrame) -> set[str]:
    """The assets that have rows."""
    ids = collected(rows.select(pl.col("canonical_id").unique()))["canonical_id"]
    return set(ids.drop_nulls())


def last_days(rows: pl.LazyFrame, columns: Iterable[str]) -> pl.LazyFrame:
    """`canonical_id`, and for each column the last day with a value (null where there is none)."""
    return rows.group_by("canonical_id").agg(
        pl.when(pl.col(name).is_not_null()).then(pl.col("date")).max().alias(name)
        for name in columns
    )


def parts(rows: pl.LazyFrame, at_once: int = AT_ONCE) -> Iterator[pl.DataFrame]:
    """The rows of some assets at a time; at least one part, all of assets that are named."""
    for of_them in _some_at_a_time(ids_of(rows), at_once):
        yield collected(rows.filter(of_them))


def side_by_side(
    one: pl.LazyFrame, other: pl.LazyFrame
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """The rows of both, of the same assets."""
    for of_them in _some_at_a_time(ids_of(one) | ids_of(other)):
        yield collected(one.filter(of_them)), collected(other.filter(of_them))


def _some_at_a_time(ids: Collection[str], at_once: int = AT_ONCE) -> Iterator[pl.Expr]:
    """By a range, since a file need not be read where it has none of it."""
    named = sorted(ids) or [""]
    for start in range(0, len(named), at_once):
        some = named[start : start + at_once]
        yield pl.col("canonical_id").is_between(pl.lit(some[0]), pl.lit(some[-1]))
