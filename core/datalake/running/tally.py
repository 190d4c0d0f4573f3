"""Counts what happens to one provider in a run; the terminal and the report read it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from ..cache import Cached

if TYPE_CHECKING:
    from ..client.http import HttpClient
    from ..client.offline import OfflineClient


@frozen
class Failure:
    """A series that could not be brought up to date; `stale_through` is the last day that the
    cache holds instead, None where it holds nothing."""

    dataset: str
    asset: str
    error: str
    stale_through: str | None = None


@frozen
class Uncovered:
    """An asset that a dataset does not cover: normal, but worth a reason."""

    dataset: str
    asset: str
    reason: str


@frozen
class Revised:
    """A series of which the provider now says something else than before, on so many days."""

    dataset: str
    asset: str
    first_day: str
    last_day: str
    days: int


@define
class Tally:
    """One provider's counters; safe to change from its worker threads and to read from any."""

    provider: str
    total: int
    client: HttpClient | OfflineClient
    interval: float
    done: int = 0
    left: int = 0
    cache_hits: int = 0
    series: int = 0
    rows: int = 0
    revisions: int = 0
    rejected: int = 0
    revised: list[Revised] = field(factory=list)
    failed: list[Failure] = field(factory=list)
    uncovered: list[Uncovered] = field(factory=list)
    _lock: threading.Lock = field(factory=threading.Lock, repr=False)

    def covered(self, cached: Cached) -> None:
        """A series came, from the vendor or from the cache."""

        def count() -> None:
            self.series += 1
            self.rows += cached.table.num_rows
            self.cache_hits += cached.hit
            self.revisions += cached.revisions
            self.rejected += cached.rejected

        self._count(count)

    def as_before(self, rows: int) -> None:
        """A series would come from the cache, as it came when its rows were counted."""

        def count() -> None:
            self.series += 1
            self.rows += rows
            self.cache_hits += 1
            self.done += 1

        self._count(count)

    def revise(self, revised: Revised) -> None:
        """A series that came says something else of days that were known."""
        self._count(lambda: self.revised.append(revised))

    def fail(self, failure: Failure) -> None:
        """A series could not be fetched, or not whole."""
        self._count(lambda: self.failed.append(failure))

    def miss(self, uncovered: Uncovered) -> None:
        """The provider does not cover this asset."""
        self._count(lambda: self.uncovered.append(uncovered))

    def leave(self) -> None:
        """A series is not asked for, since the run may make no more calls."""

        def count() -> None:
            self.left += 1

        self._count(count)

    def finish(self) -> None:
        """One want is settled, whatever came of it."""

        def count() -> None:
            self.done += 1

        self._count(count)

    def _count(self, change: Callable[[], None]) -> None:
        with self._lock:
            change()


Tallies = Sequence[Tally]
#: Shows the tallies as long as its block runs.
Progress = Callable[[Tallies], AbstractContextManager[None]]
