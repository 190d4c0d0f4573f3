"""The de-peg guard: a variant that strays from native for days on end is left out of sums."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw

from datalake_aggregation.mapping import Guard
from datalake_aggregation.rules import KEYS


def strays(rows: nw.DataFrame[Any], guard: Guard) -> nw.DataFrame[Any]:
    """Return the days on which a variant's price was beyond the tolerance from native's.

    Columns date, canonical_id, asset, ratio (variant's price by native's) and excluded, which is
    true on each day of a stretch of at least `guard.days` consecutive days. A day without one of
    the two prices, or with a native price that is not above 0, ends a stretch. Rows without a
    `close` have no stray days.
    """
    if "close" not in rows.columns:
        rows = rows.head(0).with_columns(close=nw.lit(1.0))
    native = rows.filter((nw.col("_kind") == "native") & (nw.col("close") > 0))
    variants = rows.filter((nw.col("_kind") != "native") & ~nw.col("close").is_null())
    ratios = variants.join(
        native.select(*KEYS, nw.col("close").alias("_native")), on=KEYS, how="inner"
    ).with_columns(ratio=nw.col("close") / nw.col("_native"))
    beyond = (
        ratios.filter((nw.col("ratio") - 1).abs() > _tolerance(guard))
        .select(*KEYS, "asset", "ratio")
        .sort("canonical_id", "asset", "date")
    )
    flags = long_stretches(
        zip(beyond["asset"].to_list(), beyond["date"].to_list(), strict=True), guard.days
    )
    excluded = nw.new_series("excluded", flags, nw.Boolean, backend=rows.implementation)
    return beyond.with_columns(excluded)


def _tolerance(guard: Guard) -> nw.Expr:
    """Return the tolerance for a row by its kind."""
    tolerance = nw.lit(guard.tolerance)
    for kind, of_kind in guard.kinds.items():
        tolerance = nw.when(nw.col("_kind") == kind).then(nw.lit(of_kind)).otherwise(tolerance)
    return tolerance


def long_stretches(days: Iterable[tuple[str, date]], at_least: int) -> list[bool]:
    """Say of each (asset, day), given in order, whether its run of days is long enough."""
    runs: list[int] = []
    previous: tuple[str, int] | None = None
    for asset, day in days:
        ordinal = day.toordinal()
        if previous == (asset, ordinal - 1):
            runs[-1] += 1
        else:
            runs.append(1)
        previous = (asset, ordinal)
    return [length >= at_least for length in runs for _ in range(length)]
