"""What a run knows of its values beside the values: other providers' and what was learnt anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import polars as pl

from datalake_aggregation import Mapping

from ..publish.opinion import RECENT
from .series import Series


def opinions(
    series: Iterable[Series], mapping: Mapping, columns: Sequence[str], last_day: date
) -> pl.DataFrame | None:
    """The newest days of the witnesses of these columns, as the gate takes them; None without any.

    Only a canonical asset's native is heard: a wrapped token's price is another one. Of several
    witnesses the first counts.
    """
    parts = [
        pl.DataFrame(pl.from_arrow(one.table.select(["date", name])))
        .filter(pl.col("date") > last_day - 2 * RECENT)
        .select(
            "date",
            pl.lit(one.want.asset.id).alias("canonical_id"),
            pl.col(name).cast(pl.Float64).alias(column),
        )
        for one in series
        if mapping.canonical_of(one.want.asset.id) == one.want.asset.id
        for name, column in one.want.dataset.witnesses(columns).items()
    ]
    if not parts:
        return None
    keys = ["date", "canonical_id"]
    return pl.concat(parts, how="diagonal").group_by(keys).agg(pl.all().drop_nulls().first())


def with_ends(rows: pl.DataFrame, last_day: date, stale: timedelta) -> pl.DataFrame:
    """The rows, and one without values on the last day for each asset that ended long before it.

    Whoever takes an asset's last row for its present must not be shown an old one.
    """
    ends = rows.group_by("canonical_id").agg(pl.col("date").max())
    old = ends.filter(pl.col("date") < last_day - stale).with_columns(date=pl.lit(last_day))
    return (
        pl.concat([rows, old], how="diagonal").sort("canonical_id", "date") if old.height else rows
    )
