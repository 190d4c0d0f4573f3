"""What the lake knows of single assets: members, their shares of the volume, and each number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from ..explaining.cell import Refolded
from ..explaining.explain import Families, Inquiry
from ..explaining.plain import plain

FORMAT = 1
#: Canonical assets that are folded at once.
AT_ONCE = 50
_SHARED = "volume"


def details(inquiry: Inquiry, assets: Sequence[str], day: date) -> Iterator[dict[str, Any]]:
    """A document for each of the canonical assets, with its cells of that day explained.

    Raises StoreError where the lake cannot be read.
    """
    columns = inquiry.file.columns
    of_day = inquiry.file.rows.filter(pl.col("date") == day).collect()
    published = {row["canonical_id"]: row for row in of_day.to_dicts()}
    for start in range(0, len(assets), AT_ONCE):
        some = assets[start : start + AT_ONCE]
        families = inquiry.families(some)
        explain = families.on(day)
        asked = [name for name in columns if name in families.refolded.making.columns]
        shares = _shares(families.refolded)
        for asset in some:
            row = published.get(asset, {})
            yield {
                "format": FORMAT,
                "id": asset,
                "day": day,
                "members": _members(families, asset),
                "volume": _by_week(shares.get(asset)),
                "explain": {
                    name: plain(explain(asset, name, row.get(name)), asset) for name in asked
                },
            }


def _members(families: Families, asset: str) -> list[dict[str, Any]]:
    return [
        {
            "asset": one.asset,
            "kind": one.kind,
            "where": str(one.where) if one.where else None,
        }
        for one in families.inquiry.mapping.members(asset)
    ]


def _shares(refolded: Refolded) -> dict[str, pl.DataFrame]:
    """By canonical asset with more than one member: `week` (its Monday), `asset` and `share` of the
    volume of those days of the week that have one."""
    keys = ["canonical_id", "date"]
    known = refolded.rows.filter(pl.col(_SHARED).is_not_null()).select(keys)
    entered = (
        refolded.entered.filter(pl.col("column") == _SHARED)
        .join(known, on=keys, how="semi")
        .group_by("canonical_id", pl.col("date").dt.truncate("1w").alias("week"), "asset")
        .agg(pl.col("value").sum())
        .with_columns(whole=pl.col("value").sum().over("canonical_id", "week"))
        .filter(pl.col("asset").n_unique().over("canonical_id") > 1, pl.col("whole") > 0)
        .with_columns(share=pl.col("value") / pl.col("whole"))
        .sort("canonical_id", "week", "asset")
    )
    return {
        str(name): part
        for (name,), part in entered.partition_by("canonical_id", as_dict=True).items()
    }


def _by_week(shares: pl.DataFrame | None) -> Mapping[str, Any] | None:
    """`weeks`, and for each member its share of each; the largest of the last week first."""
    if shares is None:
        return None
    weeks = shares["week"].unique().sort().to_list()
    at = {week: number for number, week in enumerate(weeks)}
    lines: dict[str, list[float | None]] = {}
    for asset, week, share in shares.select("asset", "week", "share").iter_rows():
        lines.setdefault(asset, [None] * len(weeks))[at[week]] = round(share, 5)
    ranked = sorted(lines, key=lambda asset: (-(lines[asset][-1] or 0), asset))
    return {"weeks": weeks, "shares": {asset: lines[asset] for asset in ranked}}
