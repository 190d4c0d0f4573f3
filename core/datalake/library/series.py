"""Series of a lake as one table: of many assets at once, as they are or as they were known."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Literal

import pyarrow as pa
from attrs import frozen

from ..cache import AssetCache, Found, Miss, SeriesKey
from ..cache.rows import MOMENT, OBSERVED, crop
from ..errors import ConfigError, StoreError
from ..lake.inventory import Item, classify, series_name
from ..models import Dataset, Window
from ..names import REVISIONS, SERIES
from ..plugins import Registry
from ..series.arrays import repeated
from ..series.columns import ARROW_TYPES
from ..stores import ABSENT, Store
from ..suggest import did_you_mean
from .wishes import Names, chosen_columns

#: Objects that are read at once.
AT_ONCE = 32
#: Of what is missing so much is named.
SHOWN = 5
Missing = Literal["raise", "skip"]


@frozen(kw_only=True)
class Wish:
    """Which rows and columns of a dataset are wanted: of these assets (None: of all that are
    there), of the window's days, as known at `moment` (None: as they are)."""

    provider: str
    dataset: Dataset
    kept_as: str
    assets: Sequence[str] | None
    window: Window
    columns: Sequence[str]
    moment: datetime | None
    missing: Missing

    def key(self, asset: str) -> SeriesKey:
        return SeriesKey(self.provider, self.kept_as, asset)

    @property
    def folder(self) -> str:
        """All that is wanted lies under this prefix, of series and of revisions alike."""
        if self.assets is not None and len(self.assets) == 1:
            return f"{self.key(self.assets[0]).folder}/"
        return self.key("").folder

    @property
    def schema(self) -> pa.Schema:
        """`asset`, `date` and the wanted columns, with their units and meanings."""
        return pa.schema(
            [("asset", pa.string()), ("date", pa.date32()), *map(self._field, self.columns)]
        )

    def _field(self, name: str) -> pa.Field:
        if name == OBSERVED:
            return pa.field(OBSERVED, MOMENT)
        column = self.dataset.columns[name]
        facts = {"unit": column.unit, "meaning": column.meaning}
        return pa.field(name, ARROW_TYPES[column.type], metadata=facts)


def named_dataset(registry: Registry, name: str) -> tuple[str, Dataset, str]:
    """The provider, the dataset and what the cache keeps it as, of `coingecko.market`. Raises
    ConfigError where no installed plugin offers it."""
    provider, _, kept_as = name.partition(".")
    dataset = registry.dataset(provider, kept_as)
    if dataset is None:
        known = [
            f"{one.name}.{offered.name}"
            for one in registry.providers.values()
            for offered in one.datasets
        ]
        raise ConfigError(f"there is no dataset {name!r}{did_you_mean(name, known)}")
    return provider, dataset, kept_as


def columns_of(dataset: Dataset, wish: Names | None) -> list[str]:
    """The dataset's columns that are wanted, by default all; `observed_at` only where asked for.
    Raises ConfigError."""
    usual = list(dataset.columns)
    chosen = chosen_columns(wish, ["asset", "date", *usual, OBSERVED], usual)
    return [name for name in chosen if name not in ("asset", "date")]


def read(store: Store, wish: Wish, clock: Callable[[], datetime]) -> pa.Table:
    """The rows, in the order of the assets and of the days. Raises ConfigError for assets of which
    there is no series, unless they are to be skipped, and StoreError for what cannot be read."""
    listed = {entry.key: entry for entry in store.list(f"{SERIES}{wish.folder}")}
    assets = _all(map(classify, listed.values())) if wish.assets is None else wish.assets
    cache = AssetCache(store, clock=clock, read_only=True, listed=listed)
    if wish.moment is not None:
        cache = cache.at(wish.moment, under=f"{REVISIONS}{wish.folder}")

    def find(asset: str) -> Found | Miss:
        return cache.find(wish.key(asset), wish.dataset)

    found = dict(zip(assets, _several(find, assets), strict=True))
    _check(found, wish, store)
    tables = [_rows(asset, one, wish) for asset, one in found.items() if isinstance(one, Found)]
    nothing = pa.Table.from_batches([], wish.schema)
    return pa.concat_tables([nothing, *tables]).combine_chunks()


def _all(there: Iterable[Item]) -> list[str]:
    return sorted(item.series.asset for item in there if item.kind == "series" and item.series)


def _several(find: Callable[[str], Found | Miss], assets: Sequence[str]) -> list[Found | Miss]:
    if len(assets) < 2:
        return [find(asset) for asset in assets]
    with ThreadPoolExecutor(min(AT_ONCE, len(assets)), thread_name_prefix="lake") as pool:
        try:
            return list(pool.map(find, assets))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _check(found: dict[str, Found | Miss], wish: Wish, store: Store) -> None:
    """What is damaged is never taken for nothing; what is not there only where that is wanted."""
    misses = {asset: one for asset, one in found.items() if isinstance(one, Miss)}
    for asset, one in misses.items():
        if one.generation != ABSENT:
            path = f"{store.url}/{wish.key(asset).path}"
            raise StoreError(f"{path} cannot be used: {one.reason}; see `datalake cache verify`")
    if not misses or wish.missing == "skip" or wish.assets is None:
        return
    there = _all(map(classify, store.list(f"{SERIES}{wish.key('').folder}")))
    told = [
        f"{series_name(wish.key(asset))}: {one.reason}{_near(asset, there)}"
        for asset, one in list(misses.items())[:SHOWN]
    ]
    more = [f"and {len(misses) - SHOWN} more"] if len(misses) > SHOWN else []
    raise ConfigError(
        f"{store.url} has no rows of {'; '.join([*told, *more])} (missing='skip' goes on without)"
    )


def _near(asset: str, there: Sequence[str]) -> str:
    near = difflib.get_close_matches(asset, there, n=1)
    return f"; did you mean {near[0]!r}?" if near and near[0] != asset else ""


def _rows(asset: str, found: Found, wish: Wish) -> pa.Table:
    rows = crop(found.table, wish.window)
    columns = [repeated(asset, len(rows)), rows["date"], *(rows[name] for name in wish.columns)]
    return pa.Table.from_arrays(columns, schema=wish.schema)
