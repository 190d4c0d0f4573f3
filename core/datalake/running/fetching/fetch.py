"""Brings every wanted series, providers side by side; what fails costs only itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from ...client.budget import Budget
from ..planning.due import Due, affordable
from ..planning.plan import Want
from .lane import Lane, at_hand
from .series import Series

K = TypeVar("K")
T = TypeVar("T")


def fetch_all(
    lanes: Mapping[str, Lane],
    stop: threading.Event,
    take: Callable[[Series], T],
    *,
    budget: Budget | None = None,
) -> list[T]:
    """What `take` makes of each series of all providers, in the order of the wants.

    What the `budget` has no room for is left to another run. Raises nothing for a provider's fault:
    see the tallies of the lanes. KeyboardInterrupt stops the workers.
    """
    at_hand(lanes)
    with pool_for(lanes.values(), stop) as pool:
        taken = _ask_all(lanes, pool, budget or Budget(), take)
    wants = (want for lane in lanes.values() for want in lane.wants)
    order = {id(want): place for place, want in enumerate(wants)}
    return [one for _, one in sorted(taken, key=lambda pair: order[id(pair[0])])]


def _ask_all(
    lanes: Mapping[str, Lane],
    pool: ThreadPoolExecutor,
    budget: Budget,
    take: Callable[[Series], T],
) -> list[tuple[Want, T]]:
    """Each provider goes on as soon as it knows what is due; where they share a budget, as soon as
    all do."""
    intervals = {name: lane.tally.interval for name, lane in lanes.items()}
    beginning = {name: pool.submit(lane.begin, pool, take) for name, lane in lanes.items()}
    asking: list[Future[list[tuple[Want, T]]]] = []
    ready: dict[str, list[Due]] = {}
    taken: list[tuple[Want, T]] = []
    for name, (made, dues) in ended(beginning):
        taken += made
        ready[name] = dues
        if budget.shared and len(ready) < len(lanes):
            continue
        for one, chosen in affordable(ready, budget, intervals).items():
            lanes[one].leave(set(ready[one]).difference(chosen))
            asking.append(pool.submit(lanes[one].ask, pool, chosen, take))
        ready = {}
    for _, made in ended(dict(enumerate(asking))):
        taken += made
    return taken


def pool_for(
    lanes: Iterable[Lane], stop: threading.Event
) -> AbstractContextManager[ThreadPoolExecutor]:
    """Threads for all workers of these lanes, and one more for each."""
    return threads(sum(lane.workers + 1 for lane in lanes), stop)


@contextmanager
def threads(count: int, stop: threading.Event) -> Iterator[ThreadPoolExecutor]:
    """A pool of so many; an exception in the block sets `stop`."""
    pool = ThreadPoolExecutor(max(1, count), thread_name_prefix="fetch")
    try:
        yield pool
    except BaseException:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def ended(futures: Mapping[K, Future[T]]) -> Iterator[tuple[K, T]]:
    """The futures' results as they come, with their names; a short wait at a time, so that a
    signal is heard at once."""
    names = {future: name for name, future in futures.items()}
    pending = set(names)
    while pending:
        done, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
        for future in done:
            yield names[future], future.result()
