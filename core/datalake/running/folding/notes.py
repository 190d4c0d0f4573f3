"""What the published file says of itself: sources and meanings of columns, members of assets."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from datalake_aggregation import Mapping

from ...models import Dataset
from ...plugins import Registry
from ...publish import AssetNote, ColumnNote
from ...publish.rows import values_of
from ..planning.plan import output_columns
from ..universe.assets import Universe
from .frame import freshness


def column_notes(
    mapping: Mapping, registry: Registry, selection: str, as_of: datetime, last_day: date
) -> list[ColumnNote]:
    """One note for each value column, in the output's order."""
    notes = []
    for name in output_columns(mapping, selection):
        rule = mapping.columns[name]
        dataset, column = _declared(registry, rule.source[0])
        described = dataset.columns.get(column) if dataset else None
        notes.append(
            ColumnNote(
                name=name,
                unit=described.unit if described else "unknown",
                meaning=described.meaning if described else "its provider is not installed",
                source=", ".join(rule.source),
                time=dataset.stamp.value if dataset else "unknown",
                rule=_rules(mapping, name),
                last_closed=min(dataset.closed_through(as_of), last_day) if dataset else None,
            )
        )
    return notes


def _rules(mapping: Mapping, column: str) -> str:
    """The column's rule, and those of single assets."""
    own = [
        f"{asset}: {rule.text}"
        for asset, rules in mapping.overrides_of(column).items()
        for rule in rules
    ]
    return "; ".join([mapping.columns[column].text, *own])


def _declared(registry: Registry, source: str) -> tuple[Dataset | None, str]:
    """The dataset that a `provider.dataset.column` names, where its provider is installed."""
    provider, dataset, column = source.split(".", 2)
    try:
        return registry.providers[provider].dataset(dataset), column
    except KeyError:
        return None, column


def asset_notes(universe: Universe, rows: pl.LazyFrame) -> list[AssetNote]:
    """One note for each canonical asset, also for one without a single row."""
    last = freshness(rows)
    unknown: dict[str, date | None] = dict.fromkeys(values_of(rows))
    return [
        AssetNote(
            canonical_id=asset.id,
            symbol=asset.listed.symbol,
            name=asset.listed.name,
            rank=asset.rank,
            image=asset.listed.image,
            members=asset.members,
            freshness=last.get(asset.id, unknown),
        )
        for asset in universe.assets
    ]
