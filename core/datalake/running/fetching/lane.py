"""One provider's part of a run: its own workers, which no other provider's series can occupy."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from attrs import evolve, field, frozen

from ...cache import AssetCache
from ...errors import FetchError
from ..planning.due import Due, due, set_aside
from ..planning.naming import Job, NativeIds, jobs, series_key
from ..planning.plan import Want
from ..sources import Source
from ..tally import Tally
from .cached import cached_jobs
from .health import Health
from .series import Series, bring

#: For answers that take so many seconds the workers suffice to use the whole rate.
LATENCY = 1.5
#: So few at the least; so many at the most, for each may hold a body of many megabytes.
FEWEST, MOST = 8, 24

T = TypeVar("T")
R = TypeVar("R")


def workers(interval: float) -> int:
    """How many calls have to be under way at once, one of which may go each `interval` seconds."""
    return max(FEWEST, min(MOST, math.ceil(LATENCY / interval))) if interval else FEWEST


def lanes(
    wants: Iterable[Want],
    sources: Sequence[Source],
    native_ids: NativeIds,
    cache: AssetCache,
    *,
    offline: bool = False,
) -> dict[str, Lane]:
    """Each source's part, by the name of its provider; `native_ids` are the mapping's, by
    dataset."""
    by_provider: dict[str, list[Want]] = {source.provider.name: [] for source in sources}
    for want in wants:
        by_provider[want.source.provider.name].append(want)
    return {
        name: Lane(
            by_provider[name],
            native_ids,
            cache,
            Tally(name, len(by_provider[name]), source.client, source.interval),
            offline,
        )
        for source in sources
        for name in (source.provider.name,)
    }


def at_hand(lanes: Mapping[str, Lane]) -> None:
    """Have what is cached of all that is wanted on this machine, before it is looked at."""
    for lane in lanes.values():
        lane.cache.ready(map(series_key, lane.wants))


@frozen(eq=False)
class Lane:
    """What one provider is wanted for. Its faults raise nothing here: see the tally."""

    wants: Sequence[Want]
    native_ids: NativeIds
    cache: AssetCache
    tally: Tally
    offline: bool = False
    health: Health = field(factory=Health)
    lists_down: dict[str, FetchError] = field(factory=dict)

    def anew(self) -> Lane:
        """The same, of which nothing is counted yet; what fails for one is known to the other."""
        tally = self.tally
        fresh = Tally(tally.provider, tally.total, tally.client, tally.interval)
        return evolve(self, tally=fresh)

    @property
    def workers(self) -> int:
        return workers(self.tally.interval)

    def look(self, pool: ThreadPoolExecutor) -> list[Due]:
        """What each covered series takes, in the order of the wants; calls are made for lists
        alone."""

        def one(job: Job) -> Due:
            return set_aside(due(job, self.cache))

        return self._side_by_side(pool, self.jobs(), one)

    def begin(
        self, pool: ThreadPoolExecutor, take: Callable[[Series], T]
    ) -> tuple[list[tuple[Want, T]], list[Due]]:
        """Bring at once what takes no call; and what is left to do."""

        def one(job: Job) -> Due | tuple[Want, T] | None:
            found = due(job, self.cache)
            return set_aside(found) if found.asks else self.bring_one(found, take)

        made = self._side_by_side(pool, self.jobs(), one)
        left = [one for one in made if isinstance(one, Due)]
        return [one for one in made if one is not None and not isinstance(one, Due)], left

    def ask(
        self, pool: ThreadPoolExecutor, dues: Iterable[Due], take: Callable[[Series], T]
    ) -> list[tuple[Want, T]]:
        """Bring these, a few at a time, in their order."""
        made = self._side_by_side(pool, dues, lambda one: self.bring_one(one, take))
        return [one for one in made if one is not None]

    def leave(self, dues: Iterable[Due]) -> None:
        """These are for another run."""
        for _ in dues:
            self.tally.leave()

    def jobs(self) -> Iterator[Job]:
        """What is wanted and covered; calls are made for lists alone."""
        if self.offline:
            return cached_jobs(self.wants, self.native_ids, self.cache, self.tally)
        return jobs(
            self.wants, self.native_ids, self.cache, self.tally, self.health, self.lists_down
        )

    def bring_one(self, one: Due, take: Callable[[Series], T]) -> tuple[Want, T] | None:
        """What `take` makes of a series, in any thread; None where none comes."""
        found = bring(one.job, self.cache, self.tally, self.health, one.look)
        taken = (one.job.want, take(found)) if found else None
        self.tally.finish()  # what a signal stopped is not done
        return taken

    def _side_by_side(
        self, pool: ThreadPoolExecutor, things: Iterable[R], do: Callable[[R], T]
    ) -> list[T]:
        slots = threading.Semaphore(self.workers)

        def one(thing: R) -> T:
            try:
                return do(thing)
            finally:
                slots.release()

        futures: list[Future[T]] = []
        for thing in things:
            slots.acquire()
            futures.append(pool.submit(one, thing))
        return [future.result() for future in futures]
