"""The shared cache for pipelines that are not runs of ours: series by provider, dataset, asset."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import date, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ..environment import read_environment
from ..errors import ConfigError
from ..models import DAY, Dataset, Window
from ..plugins import load
from ..stores import Store, open_store
from ..stores.mirror import MirroredStore
from ..suggest import did_you_mean
from .assets import AssetCache
from .deciding import Decision
from .keys import SeriesKey
from .objects import Found, Miss
from .served import Cached

if TYPE_CHECKING:
    from ..models import Fetched

MIRROR_BYTES = 2_000_000_000


class GCSCachingManager:
    """Series in a Google Cloud Storage bucket, shared with runs of datalake and with each other.

        cache = GCSCachingManager("our-bucket")
        table = cache.get("coingecko", "market", "bitcoin")         # or None
        if not cache.check("coingecko", "market", "bitcoin").hit:
            cache.put("coingecko", "market", "bitcoin", rows, since=date(2026, 1, 1))

    `bucket` and `project` default to GCP_BUCKET_NAME and GCP_PROJECT_ID of the environment or
    `.env`; credentials are Google's default ones. `mirror` is a folder for what was downloaded.
    `store` takes the bucket's place: any other store, as `open_store` gives it. Datasets are those
    of the installed plugins, and of `datasets` (by `provider.dataset`): a pipeline may keep its own
    in the same bucket. Safe to share between threads.

    All days are UTC days. Methods raise ConfigError for a dataset that nobody knows and StoreError
    where the bucket cannot be used; both say what to do.
    """

    def __init__(
        self,
        bucket: str | None = None,
        *,
        prefix: str = "",
        project: str | None = None,
        mirror: Path | None = None,
        store: Store | None = None,
        datasets: Mapping[str, Dataset] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._datasets = dict(datasets or {})
        self._clock = clock
        store = store or _bucket(bucket, prefix, project)
        self._cache = AssetCache(
            MirroredStore(store, mirror, MIRROR_BYTES) if mirror else store, clock=clock
        )

    @property
    def url(self) -> str:
        """Where the series are."""
        return self._cache.store.url

    def check(
        self,
        provider: str,
        dataset: str,
        asset: str,
        *,
        since: date | None = None,
        until: date | None = None,
    ) -> Decision:
        """Whether the cache holds the days from `since` (default: whatever is known first) through
        `until` (default: the last closed day): `hit`, the `reason`, and the `window` that would
        have to be fetched."""
        declared = self._dataset(provider, dataset)
        key = SeriesKey(provider, dataset, asset)
        found = self._cache.find(key, declared)
        window = self._window(declared, found, since, until)
        return self._cache.decide(found, declared, window, window)

    def get(
        self,
        provider: str,
        dataset: str,
        asset: str,
        *,
        since: date | None = None,
        until: date | None = None,
    ) -> pa.Table | None:
        """The cached rows: `date` (date32) and the dataset's columns, in order of date; None where
        no usable series is cached. Days that nobody fetched are not among them: see `check`."""
        declared = self._dataset(provider, dataset)
        found = self._cache.find(SeriesKey(provider, dataset, asset), declared)
        if isinstance(found, Miss):
            return None
        return found.within(self._window(declared, found, since, until))

    def put(
        self,
        provider: str,
        dataset: str,
        asset: str,
        rows: Any,
        *,
        since: date,
        until: date | None = None,
        native_id: str | None = None,
    ) -> None:
        """Add all that the provider has of the days from `since` through `until`.

        `rows` is an Arrow table, a pandas frame or columns by name, with `date` (the UTC day that
        the row describes) and the dataset's columns. Open days are left out. What other writers
        added meanwhile is kept; a value that the provider has revised replaces the old one, which
        is kept as a revision. `native_id` is the provider's own name for the asset, by default the
        asset's. Raises SchemaError for rows that are not as the dataset promises.
        """
        declared = self._dataset(provider, dataset)
        window = Window(since, (until or declared.closed_through(self._clock())) + DAY)
        key = SeriesKey(provider, dataset, asset)
        self._cache.put(key, declared, native_id or asset, rows, window)

    def get_or_fetch(
        self,
        provider: str,
        dataset: str,
        asset: str,
        fetch: Callable[[Window], Fetched],
        *,
        since: date,
        until: date | None = None,
        native_id: str | None = None,
    ) -> Cached:
        """The rows of the days from `since` through `until`; `fetch` is called with the window of
        the missing ones only, and returns what a provider's fetch returns (with `time`)."""
        declared = self._dataset(provider, dataset)
        window = Window(since, (until or declared.closed_through(self._clock())) + DAY)
        key = SeriesKey(provider, dataset, asset)
        return self._cache.get_or_fetch(key, declared, native_id or asset, window, window, fetch)

    def _dataset(self, provider: str, dataset: str) -> Dataset:
        name = f"{provider}.{dataset}"
        if name not in self._datasets:
            installed = {
                f"{one.name}.{name}": offered
                for one in load().providers.values()
                for offered in one.datasets
                for name in (offered.name, *offered.apart.values())
            }
            self._datasets = {**installed, **self._datasets}
        if name not in self._datasets:
            raise ConfigError(
                f"there is no dataset {name!r}{did_you_mean(name, self._datasets)}: install the "
                "plugin that offers it, or give it as datasets={'" + name + "': Dataset(…)}"
            )
        return self._datasets[name]

    def _window(
        self, dataset: Dataset, found: Found | Miss, since: date | None, until: date | None
    ) -> Window:
        known = found.coverage.start if isinstance(found, Found) else dataset.since
        return Window(since or known, (until or dataset.closed_through(self._clock())) + DAY)


def _bucket(bucket: str | None, prefix: str, project: str | None) -> Store:
    environment = read_environment(os.environ, Path(".env"))
    name = bucket or environment.get("GCP_BUCKET_NAME")
    if not name:
        raise ConfigError("no bucket: give its name, or set GCP_BUCKET_NAME")
    if project:
        environment = {**environment, "GCP_PROJECT_ID": project}
    return open_store(f"gs://{name}/{prefix}", {}, environment)
