"""What a run knows of its values beside the values: other providers' and what was learnt anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import polars as pl

from datalake_aggregation import Mapping

from ..cache.rows import days_of
from ..publish import Evidence, Learnt
from ..publish.opinion import RECENT
from ..series.arrays import known
from .plan import Feed, feeds, output_columns
from .recipe import Recipe
from .series import Series


def gather(recipe: Recipe, series: Sequence[Series], mapping: Mapping) -> Evidence:
    """All that the series tell beside their values."""
    columns = output_columns(mapping, recipe.columns)
    return Evidence(
        learnt(series, mapping, feeds(mapping, columns)),
        opinions(series, mapping, columns, recipe.last_day),
    )


def opinions(
    series: Iterable[Series], mapping: Mapping, columns: Sequence[str], last_day: date
) -> pl.DataFrame | None:
    """The newest days of the witnesses of these columns, as the gate takes them; None without any.

    Only a canonical asset's native is heard: a wrapped token's price is another one. Of several
    witnesses the first counts.
    """
    parts = [
        pl.DataFrame(pl.from_arrow(one.rows.select(["date", name])))
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


def learnt(series: Iterable[Series], mapping: Mapping, sources: Sequence[Feed]) -> list[Learnt]:
    """When the days of all series that feed a column were learnt."""
    columns: dict[str, list[str]] = {}
    for feed in sources:
        columns.setdefault(feed.dataset, []).append(feed.output)
    return [
        Learnt(
            one.want.name,
            one.want.asset.id,
            mapping.canonical_of(one.want.asset.id),
            list(dict.fromkeys(columns[one.want.name])),
            days_of(one.table),
            known(one.learnt, "i8"),
        )
        for one in series
        if one.learnt is not None and one.want.name in columns
    ]
