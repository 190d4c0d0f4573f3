"""From series to what is published: the same series and recipe always give the same bytes."""

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256
from typing import Literal

import polars as pl
from attrs import frozen

from datalake_aggregation import Mapping

from ...models import DAY
from ...plugins import Registry
from ...publish import Candidate, Evidence
from ..fetching.series import Series
from ..planning.plan import feeds, folded_columns, output_columns
from ..universe.assets import Universe
from .fold import Folding, fold_all
from .frame import with_ends
from .notes import asset_notes, column_notes

_NO_EVIDENCE = Evidence()


@frozen(kw_only=True)
class Recipe:
    """All that decides the published rows and bytes beside the series and the universe.

    `mapping_sha256` names the mapping, `since` is the first day (None: all), `stale_days` after how
    many an asset without news counts as ended. `open_day` is the last day, if it is not over.
    `declared` is a digest of what plugins declare of their columns.
    """

    as_of: datetime
    last_day: date
    since: date | None
    columns: Literal["standard", "extended"]
    stale_days: int
    synthetic: bool
    mapping_sha256: str
    open_day: date | None = None
    declared: str = ""


def declared(registry: Registry) -> str:
    """A digest of all columns that the installed providers declare."""
    columns = [
        (provider.name, dataset.name, dict(dataset.columns))
        for provider in registry.providers.values()
        for dataset in provider.datasets
    ]
    return sha256(repr(columns).encode()).hexdigest()[:16]


def fold(recipe: Recipe, series: list[Series], mapping: Mapping) -> Folding:
    """The rows of the canonical assets. Empties `series` on its way."""
    columns = output_columns(mapping, recipe.columns)
    sources = feeds(mapping, folded_columns(mapping, columns))
    stale = recipe.stale_days * DAY
    return fold_all(
        series,
        sources,
        columns,
        mapping,
        recipe.since or date.min,
        lambda rows: with_ends(rows, recipe.last_day, stale),
    )


def candidate(
    recipe: Recipe,
    rows: pl.LazyFrame,
    universe: Universe,
    mapping: Mapping,
    registry: Registry,
    learnt_through: datetime | None,
    evidence: Evidence = _NO_EVIDENCE,
) -> Candidate:
    """The rows with all that goes into the files beside them; see `inputs.learnt_through`."""
    return Candidate(
        rows=rows,
        assets=asset_notes(universe, rows),
        columns=column_notes(mapping, registry, recipe.columns, recipe.as_of, recipe.last_day),
        as_of=recipe.as_of,
        last_day=recipe.last_day,
        synthetic=recipe.synthetic,
        mapping_sha256=recipe.mapping_sha256,
        learnt_through=learnt_through,
        evidence=evidence,
        open_day=recipe.open_day,
    )
