"""Brings every wanted series, providers side by side; what fails costs only itself."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from ..cache import AssetCache
from .cached import cached_jobs
from .health import Health
from .naming import Job, NativeIds, jobs
from .plan import Want
from .series import Series, bring
from .tally import Tally

#: Series of one provider that are fetched at once: calls per second times their latency is 1 to 4.
WORKERS = 8


def fetch_all(
    wants: Mapping[str, Sequence[Want]],
    native_ids: NativeIds,
    cache: AssetCache,
    tallies: Mapping[str, Tally],
    stop: threading.Event,
    *,
    offline: bool = False,
) -> list[Series]:
    """All series of all providers, in the order of the wants.

    `wants` and `tallies` are by provider; `native_ids` are the mapping's, by dataset. Raises
    nothing for a provider's fault: see the tallies. KeyboardInterrupt stops the workers.
    """
    with _pool(len(wants) * (WORKERS + 1), stop) as pool:
        pending = {
            pool.submit(_provider, pool, provider_wants, native_ids, cache, tallies[name], offline)
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
    native_ids: NativeIds,
    cache: AssetCache,
    tally: Tally,
    offline: bool,
) -> list[Series]:
    """One provider's series, a few at a time."""
    health = Health()
    slots = threading.Semaphore(WORKERS)

    def one(job: Job) -> Series | None:
        try:
            found = bring(job, cache, tally, health)
            tally.finish()  # what a signal stopped is not done
            return found
        finally:
            slots.release()

    futures = []
    found = (
        cached_jobs(wants, native_ids, cache, tally)
        if offline
        else jobs(wants, native_ids, cache, tally, health)
    )
    for job in found:
        slots.acquire()
        futures.append(pool.submit(one, job))
    return [series for future in futures if (series := future.result())]
