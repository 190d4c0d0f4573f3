"""Brings every wanted series, providers side by side; what fails costs only itself."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

import pyarrow as pa
from attrs import define, field, frozen

from ..cache import AssetCache, Cached, Miss, SeriesKey
from ..cache.rows import crop, last_day
from ..errors import DatalakeError, FetchError, NotFound, Refused, StoreError, Unavailable
from ..models import Window
from ..series import series_schema
from .plan import Want
from .tally import Failure, Tally, Uncovered

#: Series of one provider that are fetched at once: calls per second times their latency is 1 to 4.
WORKERS = 8
#: After so many series of a dataset in a row that the vendor could not serve, stop asking.
DOWN_AFTER = 5

log = logging.getLogger(__name__)


@frozen
class Series:
    """One dataset's rows for one asset: `date` and the dataset's columns.

    `failed` says that days of it exist that could not be had; the table may then be empty.
    """

    want: Want
    table: pa.Table
    failed: bool = False


@define
class Health:
    """Whether a provider's datasets are still worth asking; one for each provider and run.

    A refused key is the whole provider's end. Trouble with many series of one dataset is that
    dataset's: it may be one endpoint of the vendor that is down.
    """

    _refused: FetchError | None = None
    _down: dict[str, FetchError] = field(factory=dict)
    _troubles: Counter[str] = field(factory=Counter)
    _lock: threading.Lock = field(factory=threading.Lock, repr=False)

    def verdict(self, dataset: str) -> FetchError | None:
        """Why this dataset is not asked any more, if it is not."""
        return self._refused or self._down.get(dataset)

    def heard(self, dataset: str, error: FetchError | None) -> None:
        """Learn from the end of one series."""
        with self._lock:
            if isinstance(error, Refused):
                self._refused = self._refused or error
            elif isinstance(error, Unavailable):
                self._troubles[dataset] += 1
                if self._troubles[dataset] >= DOWN_AFTER:
                    self._down.setdefault(dataset, error)
            else:
                self._troubles[dataset] = 0


@frozen
class Job:
    """A want with the provider's own name for its asset, or why that could not be found out."""

    want: Want
    native_id: str = ""
    error: FetchError | None = None


def fetch_all(
    wants: Mapping[str, Sequence[Want]],
    native_ids: Mapping[str, Mapping[str, str | None]],
    cache: AssetCache,
    tallies: Mapping[str, Tally],
    stop: threading.Event,
) -> list[Series]:
    """All series of all providers, in the order of the wants.

    `wants` and `tallies` are by provider; `native_ids` are the mapping's, by dataset. Raises
    nothing for a provider's fault: see the tallies. KeyboardInterrupt stops the workers.
    """
    with _pool(len(wants) * (WORKERS + 1), stop) as pool:
        pending = {
            pool.submit(_provider, pool, provider_wants, native_ids, cache, tallies[name])
            for name, provider_wants in wants.items()
        }
        found = [future.result() for future in _interruptible(pending)]
    order = {id(want): place for place, want in enumerate(w for ws in wants.values() for w in ws)}
    return sorted((s for part in found for s in part), key=lambda series: order[id(series.want)])


@contextmanager
def _pool(workers: int, stop: threading.Event) -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(max(1, workers), thread_name_prefix="fetch")
    try:
        yield pool
    except BaseException:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _interruptible(futures: Iterable[Future[list[Series]]]) -> Iterator[Future[list[Series]]]:
    """The futures as they end; a short wait at a time, so that a signal is heard at once."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
        yield from done


def _provider(
    pool: ThreadPoolExecutor,
    wants: Sequence[Want],
    native_ids: Mapping[str, Mapping[str, str | None]],
    cache: AssetCache,
    tally: Tally,
) -> list[Series]:
    health = Health()
    jobs = _resolve(wants, native_ids, tally, health)
    slots = threading.Semaphore(WORKERS)

    def one(job: Job) -> Series | None:
        try:
            return _series(job, cache, tally, health)
        finally:
            tally.finish()
            slots.release()

    futures = []
    for job in jobs:
        slots.acquire()
        futures.append(pool.submit(one, job))
    return [series for future in futures if (series := future.result())]


def _resolve(
    wants: Sequence[Want],
    native_ids: Mapping[str, Mapping[str, str | None]],
    tally: Tally,
    health: Health,
) -> Iterator[Job]:
    """The wants that the provider covers, each with its native id."""
    lists_failed: dict[str, FetchError] = {}
    for want in wants:
        given = native_ids.get(want.name, {})
        try:
            if want.asset.id in given:
                native_id = given[want.asset.id]
            elif want.name in lists_failed:
                raise lists_failed[want.name]
            else:
                native_id = _guarded(
                    want, lambda w=want: w.dataset.resolve(w.asset, w.source.client)
                )
        except FetchError as error:
            # the lists by which assets are found are down: every asset would fail alike
            if want.name not in lists_failed:
                lists_failed[want.name] = error
                health.heard(want.name, error)
            yield Job(want, error=error)
            continue
        if native_id is None:
            tally.miss(Uncovered(want.dataset.name, want.asset.id, _why_not(want, given)))
            tally.finish()
        else:
            yield Job(want, native_id)


def _why_not(want: Want, given: Mapping[str, str | None]) -> str:
    if want.asset.id in given:
        return "the mapping says that it is not covered"
    return f"{want.source.provider.title} has no such series"


def _series(job: Job, cache: AssetCache, tally: Tally, health: Health) -> Series | None:
    want = job.want
    try:
        cached = _cached_only(job, cache) if job.error else _cached(job, cache, health)
    except NotFound as error:
        health.heard(want.name, None)
        tally.miss(Uncovered(want.dataset.name, want.asset.id, str(error)))
        return None
    except (FetchError, StoreError) as error:
        if isinstance(error, FetchError):
            health.heard(want.name, error)
        tally.fail(_failure(want, error, None))
        return Series(want, series_schema(want.dataset).empty_table(), failed=True)
    if not cached.hit:
        health.heard(want.name, cached.error)
    if cached.error:
        tally.fail(_failure(want, cached.error, cached))
    elif not cached.table.num_rows:
        reason = f"{want.source.provider.title} has none of the wanted days"
        tally.miss(Uncovered(want.dataset.name, want.asset.id, reason))
        return None
    tally.covered(cached)
    return Series(want, cached.table, failed=cached.error is not None)


def _cached(job: Job, cache: AssetCache, health: Health) -> Cached:
    want = job.want
    return cache.get_or_fetch(
        _key(want),
        want.dataset,
        job.native_id,
        want.wanted,
        want.reachable,
        lambda window: _fetch(job, window, health),
    )


def _cached_only(job: Job, cache: AssetCache) -> Cached:
    """What the cache holds of an asset whose name at the provider cannot be asked."""
    error = job.error or FetchError("unknown")
    found = cache.read(_key(job.want), job.want.dataset)
    if isinstance(found, Miss):
        raise error
    rows = crop(found, job.want.wanted)
    return Cached(rows, False, str(error), error=error, stale_through=last_day(rows))


def _fetch(job: Job, window: Window, health: Health) -> object:
    want = job.want
    if verdict := health.verdict(want.name):
        raise type(verdict)(f"not asked any more, after: {verdict}")
    return _guarded(want, lambda: want.dataset.fetch(job.native_id, window, want.source.client))


def _guarded(want: Want, call):  # type: ignore[no-untyped-def]  # whatever the provider returns
    """A provider is foreign code: any error of its own is this series' failure, not the run's."""
    try:
        return call()
    except DatalakeError:
        raise
    except Exception as error:
        log.debug("%s failed for %s", want.name, want.asset.id, exc_info=True)
        raise FetchError(
            f"{want.source.provider.name} failed: {type(error).__name__}: {error}"
        ) from None


def _failure(want: Want, error: DatalakeError, cached: Cached | None) -> Failure:
    stale = cached.stale_through if cached else None
    return Failure(
        want.dataset.name,
        want.asset.id,
        want.source.scrub(str(error)),
        stale.isoformat() if stale else None,
    )


def _key(want: Want) -> SeriesKey:
    return SeriesKey(want.source.provider.name, want.dataset.name, want.asset.id)
