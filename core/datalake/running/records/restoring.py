"""A run's series once more, from its record and what the lake has kept: the very rows it used."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection

import pyarrow as pa
from attrs import frozen

from ...cache import AssetCache, Miss
from ...client.offline import OfflineClient
from ...errors import StoreError
from ...models import Asset, Dataset
from ...plugins import Registry
from ...series import series_schema, to_open_day
from ...stores import Store
from ..fetching.series import Series
from ..planning.plan import Want
from ..sources import Source
from .inputs import Input, Record, fingerprint


@frozen
class Lost:
    """A series that cannot be had as the run had it, and why."""

    name: str
    reason: str


@frozen(eq=False)
class Restored:
    """The series that could be had, in the order of the record, and those that could not."""

    series: list[Series]
    lost: list[Lost]


class _Gone(Exception):
    """These rows cannot be had any more, for this reason."""


def restore(
    record: Record,
    store: Store,
    registry: Registry,
    assets: Collection[str] | None = None,
    take: Callable[[Series], Series] = lambda one: one,
) -> Restored:
    """The rows that the run used: of all its series, or of those of some assets (members, not
    canonical ones), each given to `take`. Nothing is asked of a provider. Raises StoreError."""
    wanted = [one for one in record.series if assets is None or one.asset in assets]
    as_of = record.recipe.as_of
    cache = AssetCache(store, clock=lambda: as_of, read_only=True)
    cache = cache.survey([one.key for one in wanted]).at(as_of)
    series, lost = [], []
    for one in wanted:
        try:
            series.append(take(_series(one, record, cache, registry)))
        except (_Gone, StoreError) as error:
            lost.append(Lost(one.name, str(error)))
    return Restored(series, lost)


def _series(one: Input, record: Record, cache: AssetCache, registry: Registry) -> Series:
    dataset = registry.dataset(one.provider, one.dataset)
    if dataset is None:
        raise _Gone("no installed plugin offers it")
    table = _rows(one, dataset, cache)
    if fingerprint(table) != one.fingerprint:
        raise _Gone(f"{len(table)} rows of then are there, and they are not the {one.rows} used")
    want = _want(one, dataset, record, registry)
    today = _today(one, dataset, record)
    return Series(want, table, one.known_through, one.how, today=today)


def _today(one: Input, dataset: Dataset, record: Record) -> pa.Table | None:
    """The row of the open day, which the record itself holds."""
    if one.today is None:
        return None
    values = dict(zip(one.columns, json.loads(one.today), strict=True))
    raw = {name: [values.get(name)] for name in dataset.columns}
    midnight = {"native_id": [one.asset], "time": [record.recipe.open_day]}
    as_of = record.recipe.as_of
    return to_open_day(dataset, {**midnight, **raw}, now=as_of)[one.asset].table.select(
        ["date", *one.columns]
    )


def _rows(one: Input, dataset: Dataset, cache: AssetCache) -> pa.Table:
    columns = ["date", *one.columns]
    unknown = sorted(set(one.columns) - set(dataset.columns))
    if unknown:
        raise _Gone(f"its provider no longer offers {', '.join(unknown)}")
    if one.learnt_at is None:
        return series_schema(dataset).empty_table().select(columns)
    found = cache.at(one.learnt_at).find(one.key, dataset, one.native_id)
    if isinstance(found, Miss):
        raise _Gone(found.reason)
    return found.within(one.window).select(columns)


def _want(one: Input, dataset: Dataset, record: Record, registry: Registry) -> Want:
    provider = registry.provider(one.provider)
    plan = provider.plans[0]
    as_of = record.recipe.as_of
    source = Source(provider, plan, OfflineClient(plan, lambda: as_of), 0.0)
    native = any(one.asset == asset.id for asset in record.universe.assets)
    return Want(
        source,
        dataset,
        Asset(one.asset),
        native,
        one.window,
        one.window,
        columns=list(one.columns),
    )
