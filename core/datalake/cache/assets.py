"""The asset cache: series in a shared store, asked before any provider is."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from attrs import field, frozen

from ..errors import Conflict, FetchError, NotFound, StoreError
from ..models import Dataset, Window
from ..series import series_schema, to_series
from ..stores import ABSENT, Store
from .coverage import Coverage, first_coverage
from .keys import SeriesKey
from .objects import Found, Miss, decode, encode
from .revisions import keep
from .rows import OBSERVED, chosen, compare, crop, days_of, last_day, merge, observed

if TYPE_CHECKING:
    from ..models import Fetched

log = logging.getLogger(__name__)

TRIES = 20
#: Back-off between tries in seconds: 5 ms doubled each time, half a second at most.
SHORTEST_WAIT, LONGEST_WAIT = 0.005, 0.5
_jitter = random.SystemRandom()


@frozen(eq=False)
class Cached:
    """The rows for the wanted days: `date` and the dataset's columns; and how they were come by.

    - `hit`: the cache had them, nothing was fetched or tried; `reason` says why (not).
    - `fetched`: the window that was fetched, if one was; `rejected` of its values were null.
    - `revisions`: so many days were replaced, because the provider now says something else.
    - `error`: what stood in the way of fetching; the rows are those that the cache held, and
      `stale_through` is the last day among them.
    - `asked_through`: the last day that was ever asked for with success, delivered or not: a
      series that has ended is known through it.
    """

    table: pa.Table
    hit: bool
    reason: str
    fetched: Window | None = None
    revisions: int = 0
    rejected: int = 0
    error: FetchError | None = None
    stale_through: date | None = None
    asked_through: date | None = None


@frozen(eq=False)
class _Answer:
    """What a provider said of all days of a window, and when."""

    rows: pa.Table
    window: Window
    rejected: int
    moment: datetime


@frozen(eq=False)
class _Joined:
    """What an object is to hold, what that replaces in it, and where it must still stand."""

    table: pa.Table
    coverage: Coverage
    replaced: pa.Table | None
    generation: str
    news: bool


@frozen
class AssetCache:
    """Series in a store; safe to use from several threads, and beside other pipelines."""

    store: Store
    clock: Callable[[], datetime] = field(kw_only=True)
    sleep: Callable[[float], None] = field(default=time.sleep, kw_only=True)
    _refused: threading.Event = field(factory=threading.Event, init=False, repr=False)

    def find(self, key: SeriesKey, dataset: Dataset, native_id: str | None = None) -> Found | Miss:
        """The series with its coverage, or why there is none to use. Raises StoreError."""
        found = decode(self.store.get(key.path), key, dataset, native_id)
        if isinstance(found, Miss) and found.generation != ABSENT:
            log.warning("%s in %s is not used: %s", key.path, self.store.url, found.reason)
        return found

    def read(
        self, key: SeriesKey, dataset: Dataset, native_id: str | None = None
    ) -> pa.Table | Miss:
        """All cached rows (`date` and the dataset's columns), or why there are none."""
        found = self.find(key, dataset, native_id)
        return found if isinstance(found, Miss) else found.table.drop_columns([OBSERVED])

    def get_or_fetch(
        self,
        key: SeriesKey,
        dataset: Dataset,
        native_id: str,
        wanted: Window,
        reachable: Window,
        fetch: Callable[[Window], Fetched],
    ) -> Cached:
        """The rows for the wanted (closed) days, of which only the missing ones are fetched.

        Days outside `reachable`, which is what the plan can still ask for, are served if they are
        cached and never fetched. When the fetch fails, cached rows stand in; FetchError is raised
        where there are none. Raises StoreError when the store cannot be read; one that cannot be
        written costs only the caching.
        """
        entry = self.find(key, dataset, native_id)
        window, reason = _plan(entry, dataset, wanted, reachable, self.clock())
        if window is None:
            return Cached(_served(entry, dataset, wanted), isinstance(entry, Found), reason)
        try:
            answer = self._ask(entry, dataset, wanted, reachable, window, fetch)
        except NotFound as error:
            if isinstance(entry, Miss) and entry.generation == ABSENT:
                self._remember_absence(key, dataset, native_id, entry, window)
            return _stand_in(entry, wanted, reason, error)
        except FetchError as error:
            return _stand_in(entry, wanted, reason, error)
        joined = self._commit(key, dataset, native_id, entry, answer)
        return Cached(
            table=crop(joined.table, wanted).drop_columns([OBSERVED]),
            hit=False,
            reason=reason,
            fetched=answer.window,
            revisions=len(joined.replaced) if joined.replaced else 0,
            rejected=answer.rejected,
        )

    def _remember_absence(
        self, key: SeriesKey, dataset: Dataset, native_id: str, entry: Miss, window: Window
    ) -> None:
        """An unknown name is an answer too: an empty series, so that a repeated run asks less.

        Only where nothing lies: rows that were fetched under another name are worth more.
        """
        nothing = series_schema(dataset).empty_table()
        self._commit(key, dataset, native_id, entry, _Answer(nothing, window, 0, self.clock()))

    def _ask(
        self,
        entry: Found | Miss,
        dataset: Dataset,
        wanted: Window,
        reachable: Window,
        window: Window,
        fetch: Callable[[Window], Fetched],
    ) -> _Answer:
        """Fetch the window; and all that is known once more, should it have been revised."""
        answer = self._fetch(dataset, window, fetch)
        if isinstance(entry, Miss) or dataset.whole:
            return answer
        everything = (wanted | entry.coverage.known) & reachable
        if everything == window or not compare(entry.table, answer.rows, dataset).revised.any():
            return answer
        return self._fetch(dataset, everything, fetch)

    def _fetch(
        self, dataset: Dataset, window: Window, fetch: Callable[[Window], Fetched]
    ) -> _Answer:
        raw = fetch(window)
        moment = self.clock()
        series = to_series(dataset, raw, now=moment)
        return _Answer(crop(series.table, window), window, series.rejected, moment)

    def _commit(
        self,
        key: SeriesKey,
        dataset: Dataset,
        native_id: str,
        entry: Found | Miss,
        answer: _Answer,
    ) -> _Joined:
        """Write the answer over whatever the store holds by then; a store that will not take it
        is a warning, for the rows are here."""
        joined = _join(entry, answer, dataset)
        try:
            for attempt in range(TRIES):
                try:
                    self._write(key, native_id, joined)
                    return joined
                except Conflict:
                    self.sleep(_jitter.uniform(0, min(LONGEST_WAIT, SHORTEST_WAIT * 2**attempt)))
                    joined = _join(self.find(key, dataset, native_id), answer, dataset)
            log.warning("%s was not cached: others wrote it %d times meanwhile", key, TRIES)
        except StoreError as error:
            # a store that is full or read-only refuses every series: once is enough
            level = logging.INFO if self._refused.is_set() else logging.WARNING
            self._refused.set()
            log.log(level, "%s was not cached, nor may others be: %s", key, error)
        return joined

    def _write(self, key: SeriesKey, native_id: str, joined: _Joined) -> None:
        if not joined.news:
            return
        if joined.replaced:
            keep(self.store, key, native_id, joined.replaced)
        data, metadata = encode(key, native_id, joined.table, joined.coverage)
        self.store.put(key.path, data, metadata, if_generation=joined.generation)


def _plan(
    entry: Found | Miss, dataset: Dataset, wanted: Window, reachable: Window, now: datetime
) -> tuple[Window | None, str]:
    """The window to fetch, if any, and the reason."""
    if not wanted & reachable:
        return None, "no wanted day is within the plan's reach"
    everything = reachable if dataset.whole else wanted & reachable
    if isinstance(entry, Miss):
        return everything, entry.reason
    missing = entry.coverage.missing(wanted, reachable, now)
    if missing is None:
        return None, f"all that can be had through {entry.coverage.asked_through(now)} is cached"
    known = f"cached are {entry.coverage.start} to {entry.coverage.complete_through}"
    return (everything if dataset.whole else missing), known


def _served(entry: Found | Miss, dataset: Dataset, wanted: Window) -> pa.Table:
    if isinstance(entry, Miss):
        return series_schema(dataset).empty_table()
    return crop(entry.table, wanted).drop_columns([OBSERVED])


def _stand_in(entry: Found | Miss, wanted: Window, reason: str, error: FetchError) -> Cached:
    if isinstance(entry, Miss):
        raise error
    return stood_in(entry, wanted, reason, error)


def stood_in(entry: Found, wanted: Window, reason: str, error: FetchError) -> Cached:
    """What the cache holds of the wanted days, where an error stood in the way of the rest."""
    rows = crop(entry.table, wanted).drop_columns([OBSERVED])
    asked = max(entry.coverage.complete_through, entry.coverage.checked_through)
    return Cached(
        rows, False, reason, error=error, stale_through=last_day(rows), asked_through=asked
    )


def _join(entry: Found | Miss, answer: _Answer, dataset: Dataset) -> _Joined:
    """The answer merged into what is there: rows that say the same stay as they are."""
    delivered_through = last_day(answer.rows)
    if isinstance(entry, Miss):
        coverage = first_coverage(answer.window, delivered_through, answer.moment)
        return _Joined(observed(answer.rows, answer.moment), coverage, None, entry.generation, True)
    changed = compare(entry.table, answer.rows, dataset).changed
    table = merge(entry.table, observed(chosen(answer.rows, changed), answer.moment))
    known = days_of(crop(entry.table, answer.window))
    coverage = entry.coverage.after(
        answer.window,
        delivered_through,
        answer.moment,
        confirmed=bool(np.isin(known, days_of(answer.rows)).all()),
    )
    return _Joined(
        table=table,
        coverage=coverage,
        replaced=chosen(entry.table, compare(entry.table, table, dataset).revised),
        generation=entry.generation,
        news=coverage != entry.coverage or not table.equals(entry.table),
    )
