"""The figures of each asset and column, from one pass over the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
from attrs import frozen

from ..errors import ConfigError
from ..names import KEYS
from ..publish.rows import collected

#: Days of a sparkline, and over which a price is compared with what it was.
SPARK_DAYS = 30
CHANGES = (1, 7, 30)
#: What prices are taken from.
_PRICE = "close"


@frozen
class Rows:
    """Rows to look at: `columns` are those of numbers; closed days end with `closed_through`."""

    frame: pl.LazyFrame
    columns: Sequence[str]
    closed_through: date

    @property
    def price(self) -> str | None:
        """How the frame calls the prices; None where there are none."""
        return self.name(_PRICE) if _PRICE in self.columns else None

    def name(self, column: str) -> str:
        """How the frame calls a column, whatever its own name is."""
        return f"c{self.columns.index(column)}"

    @property
    def closed(self) -> pl.LazyFrame:
        """The rows of closed days."""
        return self.frame.filter(pl.col("date") <= self.closed_through)


def numbered(rows: pl.LazyFrame, closed_through: date) -> Rows:
    """The columns of numbers under plain names; what is no number is null."""
    schema = rows.collect_schema()
    columns = [name for name, kind in schema.items() if name not in KEYS and kind.is_numeric()]
    values = [
        pl.col(name).cast(pl.Float64).alias(f"c{number}") for number, name in enumerate(columns)
    ]
    finite = [
        pl.when(pl.col(f"c{number}").is_finite()).then(pl.col(f"c{number}")).name.keep()
        for number in range(len(columns))
    ]
    return Rows(rows.select(*KEYS, *values).with_columns(*finite), columns, closed_through)


def figures(rows: Rows) -> dict[str, dict[str, Any]]:
    """By canonical id: where its rows are, its days, and of each column what is known of it.

    Raises ConfigError where the rows are not sorted as what is published is.
    """
    found = collected(
        rows.frame.with_row_index("row")
        .group_by("canonical_id")
        .agg(*_whole(), *(expr for name in rows.columns for expr in _column(rows, name)))
        .sort("first_row")
    )
    _check_order(found)
    return {one.pop("canonical_id"): _nested(one, rows) for one in found.to_dicts()}


def _whole() -> Iterator[pl.Expr]:
    yield pl.col("row").min().alias("first_row")
    yield pl.col("row").max().alias("last_row")
    yield pl.len().alias("rows")
    yield pl.col("date").min().alias("first_day")
    yield pl.col("date").max().alias("last_day")
    back = (pl.col("date").diff() <= timedelta(0)).any()
    yield (back | pl.col("date").is_null().any()).alias("unsorted")


def _column(rows: Rows, column: str) -> Iterator[pl.Expr]:
    name = rows.name(column)
    known, closed = pl.col(name).is_not_null(), pl.col("date") <= rows.closed_through
    yield pl.col(name).drop_nulls().last().alias(f"{name} value")
    yield pl.col("date").filter(known).max().alias(f"{name} day")
    yield (known & closed).sum().alias(f"{name} known")
    yield pl.col("date").filter(known & closed).min().alias(f"{name} first")
    yield pl.col("date").filter(known & closed).max().alias(f"{name} last")


def _check_order(found: pl.DataFrame) -> None:
    """An asset's rows are found by their numbers, so they have to lie together."""
    apart = pl.col("last_row") - pl.col("first_row") + 1 != pl.col("rows")
    wrong = found.filter(apart | pl.col("unsorted").fill_null(False))
    if wrong.height or found["canonical_id"].null_count():
        name = wrong["canonical_id"].first() if wrong.height else None
        raise ConfigError(
            "its rows are not sorted by canonical_id and date, each pair once, as a published "
            f"file's are (see those of {name!r})"
        )


def _nested(one: dict[str, Any], rows: Rows) -> dict[str, Any]:
    columns = {}
    for column in rows.columns:
        name = rows.name(column)
        parts = ("value", "day", "known", "first", "last")
        columns[column] = {part: one.pop(f"{name} {part}") for part in parts}
    return {**one, "columns": columns}


def prices(rows: Rows) -> dict[str, dict[str, Any]]:
    """By canonical id `change`, by what share the price of the last closed `day` that has one had
    changed in so many days (`d1`, …), and `spark`, the prices of the last SPARK_DAYS closed days.
    """
    if rows.price is None:
        return {}
    price, day = pl.col(rows.price), pl.col("date")
    last = day.filter(price.is_not_null()).max()
    at = {0: last, **{days: last - timedelta(days=days) for days in CHANGES}}
    found = collected(
        rows.closed.group_by("canonical_id").agg(
            last.alias("day"),
            *(price.filter(day == then).first().alias(f"p{days}") for days, then in at.items()),
        )
    )
    sparks = _sparks(rows)
    return {
        one["canonical_id"]: {
            "change": _change(one),
            "spark": sparks.get(one["canonical_id"], [None] * SPARK_DAYS),
        }
        for one in found.to_dicts()
    }


def _change(one: dict[str, Any]) -> dict[str, Any] | None:
    """By what share the price has changed; nothing can be said of what it was if that was 0."""
    if one["day"] is None:
        return None
    then = {days: one[f"p{days}"] for days in CHANGES}
    shares = {
        f"d{days}": round(one["p0"] / price - 1, 6) if price else None
        for days, price in then.items()
    }
    return {"day": one["day"], **shares}


def _sparks(rows: Rows) -> dict[str, list[float | None]]:
    first = rows.closed_through - timedelta(days=SPARK_DAYS - 1)
    recent = collected(
        rows.closed.filter(pl.col("date") >= first).select(
            "canonical_id",
            (pl.col("date") - pl.lit(first)).dt.total_days().alias("at"),
            pl.col(rows.price or "").alias("price"),
        )
    )
    sparks: dict[str, list[float | None]] = {}
    for asset, at, price in recent.iter_rows():
        line = sparks.setdefault(asset, [None] * SPARK_DAYS)
        line[at] = None if price is None else float(f"{price:.5g}")
    return sparks
