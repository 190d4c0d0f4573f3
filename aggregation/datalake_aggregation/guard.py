"""The de-peg guard: a variant that strays from native for days on end is left out until it is back.

It is written without window functions, which are wrong or missing on some engines. Where rows are
ordered and counted twice, all of them and some of them, the two counts tell what came before.
"""

from __future__ import annotations

import narwhals.stable.v2 as nw

from datalake_aggregation.days import day_number
from datalake_aggregation.engines import Frame, settled
from datalake_aggregation.mapping import Guard
from datalake_aggregation.rules import CELL, KEYS, NATIVE, ROW

SHOWN = [*KEYS, "asset", "ratio", "volume", ROW]
ORDER = ["asset", "date"]


def strays(rows: Frame, guard: Guard) -> Frame:
    """Return the days on which a variant's price was beyond the tolerance from native's.

    Columns date, canonical_id, asset, ratio (variant's price by native's), volume (the variant's),
    excluded and the row's number. A stretch of at least `guard.days` such days in a row is excluded
    from its first day on, and what follows until a price within the tolerance is seen: further
    stray days, and days on which nothing can be compared, whose ratio is null. Nothing can be
    compared where one of the two prices is unknown, or native's is not above 0.
    """
    compared = _compared(rows, guard)
    judged = settled(_judged(compared.filter("_stray"), guard.days))
    long = judged.filter("excluded").select(*ORDER)
    held = _held(compared.join(long.select("asset").unique(), on="asset", how="semi"), long)
    brief = judged.filter(~nw.col("excluded")).join(held.select(*ORDER), on=ORDER, how="anti")
    found = nw.concat(
        [judged.filter("excluded"), brief, held.with_columns(nw.lit(True).alias("excluded"))]
    )
    return found.sort("canonical_id", *ORDER)


def _compared(rows: Frame, guard: Guard) -> Frame:
    """Return variants' rows with their price by native's, null where it cannot be told."""
    names = rows.collect_schema().names()
    missing = [name for name in ("close", "volume") if name not in names]
    rows = rows.with_columns(nw.lit(None).cast(nw.Float64).alias(name) for name in missing)
    own = rows.filter((nw.col("_kind") == NATIVE) & (nw.col("close") > 0))
    own = own.select(CELL, nw.col("close").alias("_native"))
    variants = rows.filter(nw.col("_kind") != NATIVE).join(own, on=CELL, how="left")
    ratios = variants.with_columns(ratio=nw.col("close") / nw.col("_native"))
    stray = ((nw.col("ratio") - 1).abs() > _tolerance(guard)).fill_null(False)
    return ratios.select(*SHOWN, stray.alias("_stray"))


def _tolerance(guard: Guard) -> nw.Expr:
    """Return the tolerance for a row by its kind."""
    tolerance = nw.lit(guard.tolerance)
    for kind, of_kind in guard.kinds.items():
        tolerance = nw.when(nw.col("_kind") == kind).then(nw.lit(of_kind)).otherwise(tolerance)
    return tolerance


def _judged(beyond: Frame, at_least: int) -> Frame:
    """Say of each stray day whether its stretch of days in a row is long enough.

    Along such days both the day's number and its place in the list grow by one, so that their
    difference names the stretch.
    """
    placed = _placed(beyond, "_place", ORDER)
    named = placed.with_columns((day_number() - nw.col("_place")).alias("_stretch"))
    stretch = ["asset", "_stretch"]
    lengths = named.group_by(stretch).agg(nw.len().alias("_days"))
    judged = named.join(lengths, on=stretch, how="inner")
    return judged.select(*SHOWN, excluded=nw.col("_days") >= at_least)


def _held(compared: Frame, long: Frame) -> Frame:
    """Return the days that decide nothing after a long stretch: it lasts until a sound price.

    A day of a long stretch and a sound day decide. Of the other days, each has as many deciding
    ones before it as its place among all days is ahead of its place among its like.
    """
    marks = long.with_columns(nw.lit(True).alias("_long"))
    days = compared.join(marks, on=ORDER, how="left")
    days = days.with_columns(~nw.col("_long").is_null())
    decides = nw.col("_long") | (~nw.col("ratio").is_null() & ~nw.col("_stray"))
    placed = _placed(days, "_place", ORDER)
    deciding = _placed(placed.filter(decides), "_before", ["_place"])
    others = _placed(placed.filter(~decides), "_like", ["_place"])
    last = deciding.filter("_long").select("asset", nw.col("_before") + 1)
    held = others.with_columns((nw.col("_place") - nw.col("_like")).alias("_before"))
    return held.join(last, on=["asset", "_before"], how="semi").select(*SHOWN)


def _placed(rows: Frame, name: str, order: list[str]) -> Frame:
    """Add each row's place in that order, counted from 0, as a number that can be subtracted."""
    return rows.with_row_index(name, order_by=order).with_columns(nw.col(name).cast(nw.Int64))
