"""From series to rows: one long frame of members, folded into canonical assets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import narwhals.stable.v2 as nw
import polars as pl

from datalake_aggregation import Folded, Mapping, ReducerError, fold

from ...publish.rows import collected, last_days, values_of
from ..fetching.series import Series
from ..planning.plan import Feed
from .limits import Limits
from .merging import long_rows


def long_frame(
    series: Iterable[Series], feeds: Sequence[Feed], columns: Sequence[str]
) -> pl.DataFrame:
    """`date`, `asset` and the output columns, one row for each day of each member.

    A column with several sources takes the first that has a value on that day.
    """
    by_dataset: dict[str, list[pl.DataFrame]] = {}
    for one in series:
        rows = pl.DataFrame(pl.from_arrow(one.rows))
        asset = pl.lit(one.want.asset.id).alias("asset")
        by_dataset.setdefault(one.want.name, []).append(rows.with_columns(asset))
    parts = [
        (name, nw.from_native(pl.concat(frames, how="diagonal")))
        for name, frames in by_dataset.items()
    ]
    if not parts:
        parts = [("", nw.from_native(pl.DataFrame(schema={"date": pl.Date, "asset": pl.String})))]
    return pl.DataFrame(long_rows(parts, feeds, columns).to_native())


def canonical_rows(
    frame: pl.DataFrame,
    columns: Sequence[str],
    mapping: Mapping,
    limits: Limits,
    *,
    with_market: bool,
) -> tuple[pl.DataFrame, Folded[pl.DataFrame]]:
    """The folded rows of each canonical asset with those columns, values beyond the limits null.

    `with_market` says that prices were wanted: rows then begin with an asset's first market day.
    """
    folded = fold(frame, mapping, unique=True)
    rows = pl.DataFrame(folded.frame).select("date", "canonical_id", *columns)
    rows = rows.with_columns(_within(column, limits) for column in limits.columns)
    values = [column for column in rows.columns if column not in ("date", "canonical_id")]
    known = rows.filter(pl.any_horizontal(pl.col(values).is_not_null()))
    kept = _from_first_market_day(known) if with_market else known
    return kept.sort("canonical_id", "date"), folded


def sound_rows(
    frame: pl.DataFrame,
    columns: Sequence[str],
    mapping: Mapping,
    limits: Limits,
    *,
    with_market: bool,
) -> tuple[pl.DataFrame, Folded[pl.DataFrame], dict[str, str]]:
    """The same, though a plugin's reducer fails: that costs only the column which it makes.

    The last of the three says of such columns what is wrong; what they hold is of no use.
    """
    failed: dict[str, str] = {}
    while True:
        try:
            made = canonical_rows(frame, columns, mapping, limits, with_market=with_market)
        except ReducerError as error:
            failed[error.column] = str(error)
            mapping = mapping.natively(error.column)
        else:
            return *made, failed


def _from_first_market_day(rows: pl.DataFrame) -> pl.DataFrame:
    first = (
        rows.filter(pl.col("close").is_not_null())
        .group_by("canonical_id")
        .agg(pl.col("date").min().alias("first"))
    )
    return (
        rows.join(first, on="canonical_id").filter(pl.col("date") >= pl.col("first")).drop("first")
    )


def _within(column: str, limits: Limits) -> pl.Expr:
    """The column, null after the last closed day to which it is known for each canonical asset,
    and on an open day of which it is not known."""
    asset, day = pl.col("canonical_id"), pl.col("date")
    known = limits.through.get(column, {})
    through = asset.replace_strict(known, default=None, return_dtype=pl.Date)
    beyond = (day > through).fill_null(False)
    if limits.open_day:
        unknown = asset.is_in(sorted(limits.unknown.get(column, ())))
        beyond = pl.when(day == limits.open_day).then(unknown).otherwise(beyond)
    return pl.when(~beyond).then(pl.col(column)).alias(column)


def freshness(rows: pl.LazyFrame) -> dict[str, dict[str, date | None]]:
    """For each canonical asset and column, the last day with a value (None where there is none)."""
    last = collected(last_days(rows, values_of(rows)))
    return {str(row.pop("canonical_id")): row for row in last.to_dicts()}


def with_ends(rows: pl.DataFrame, last_day: date, stale: timedelta) -> pl.DataFrame:
    """The rows, and one without values on the last day for each asset that ended long before it.

    Whoever takes an asset's last row for its present must not be shown an old one.
    """
    ends = rows.group_by("canonical_id").agg(pl.col("date").max())
    old = ends.filter(pl.col("date") < last_day - stale).with_columns(date=pl.lit(last_day))
    return (
        pl.concat([rows, old], how="diagonal").sort("canonical_id", "date") if old.height else rows
    )
