"""What the de-peg guard left out, variant by variant and day by day, for the run report."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

#: Of each variant so many days are shown, the newest ones, and of so many variants.
DAYS = 31
VARIANTS = 20


def told(exclusions: pl.DataFrame, last_day: date) -> dict[str, Any]:
    """What a report says of them."""
    return {"depegged": depegged(exclusions), "straying": straying(exclusions, last_day)}


def depegged(exclusions: pl.DataFrame) -> list[dict[str, Any]]:
    """Each variant that was left out, the one with the most volume first.

    `days` and `volume` are of all its days; `by_day` has the newest ones with the price as a part
    of native's (None: it could not be compared) and the volume that was left out.
    """
    return _told(exclusions.filter("excluded"))


def straying(exclusions: pl.DataFrame, last_day: date) -> list[dict[str, Any]]:
    """Each variant beyond the tolerance on the last day, not yet on enough days to be left out."""
    brief = exclusions.filter(~pl.col("excluded"))
    now = brief.filter(pl.col("date") == last_day).select("asset")
    since = pl.col("date") > last_day - pl.duration(days=DAYS)
    return _told(brief.filter(since).join(now, on="asset", how="semi"))


def _told(days: pl.DataFrame) -> list[dict[str, Any]]:
    totals = (
        days.group_by("canonical_id", "asset")
        .agg(
            pl.len().alias("days"),
            pl.col("date").min().alias("first"),
            pl.col("date").max().alias("last"),
            pl.col("volume").sum(),
        )
        .sort("volume", "canonical_id", "asset", descending=[True, False, False])
    )
    return [
        {**total, "by_day": _by_day(days, total["asset"]) if place < VARIANTS else []}
        for place, total in enumerate(totals.to_dicts())
    ]


def _by_day(days: pl.DataFrame, asset: str) -> list[dict[str, Any]]:
    newest = days.filter(pl.col("asset") == asset).sort("date", descending=True).head(DAYS)
    return newest.select("date", pl.col("ratio").round(6), "volume").to_dicts()
