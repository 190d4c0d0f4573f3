"""An answer joined into what the cache holds, and written without losing anybody's rows."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, datetime

import numpy as np
import pyarrow as pa
from attrs import evolve, frozen

from ..errors import Conflict
from ..models import Dataset, Window
from ..series import Reject
from ..series.stamps import MICROSECOND
from ..stores import Store, Stored
from .coverage import Coverage, first_coverage, united
from .history import last_learnt
from .keys import SeriesKey
from .objects import Found, Miss, encode
from .revisions import keep, keep_whole
from .rows import EPOCH_DAY, chosen, compare, crop, days_of, last_day, merge, observed
from .served import CameFrom

TRIES = 20
#: Back-off between tries in seconds: 5 ms doubled each time, half a second at most.
SHORTEST_WAIT, LONGEST_WAIT = 0.005, 0.5
_jitter = random.SystemRandom()


@frozen(eq=False)
class Answer:
    """What a provider said of all days of a window, and when."""

    rows: pa.Table
    window: Window
    rejects: Sequence[Reject]
    moment: datetime


@frozen(eq=False)
class Joined:
    """What an object is to hold, what that replaces in it, and where it must still stand.

    `replaced` are the rows that say something else, or more, from now on, `revised` the days of
    those in which a known value is another; `former` is a whole series that makes room. The series
    has been kept since `begun` (None: since always). `sha256` is that of the object once it is
    written, and `generation` its own then.
    """

    table: pa.Table
    coverage: Coverage
    generation: str
    news: bool = True
    replaced: Sequence[pa.Table] = ()
    revised: Sequence[date] = ()
    former: Stored | None = None
    begun: datetime | None = None
    sha256: str | None = None

    def source(self, native_id: str) -> CameFrom:
        """What it is as the source of rows."""
        generation = self.generation if self.sha256 else None
        learnt_at, asked_at = last_learnt(self.table), self.coverage.checked_at
        return CameFrom(native_id, self.sha256, generation, learnt_at, asked_at)


def join(entry: Found | Miss, answer: Answer, dataset: Dataset) -> Joined:
    """The answer merged into what is there: rows that say the same stay as they are."""
    delivered_through = last_day(answer.rows)
    if isinstance(entry, Miss):
        coverage = first_coverage(answer.window, delivered_through, answer.moment)
        return Joined(
            observed(answer.rows, answer.moment),
            coverage,
            entry.generation,
            former=entry.former,
            begun=_begun(entry, answer.moment),
        )
    changed = compare(entry.table, answer.rows, dataset).changed
    table = merge(entry.table, observed(chosen(answer.rows, changed), answer.moment))
    known = days_of(crop(entry.table, answer.window))
    coverage = entry.coverage.after(
        answer.window,
        delivered_through,
        answer.moment,
        confirmed=bool(np.isin(known, days_of(answer.rows)).all()),
    )
    difference = compare(entry.table, table, dataset)
    news = coverage != entry.coverage or not table.equals(entry.table)
    return Joined(
        table=table,
        coverage=coverage,
        generation=entry.generation,
        news=news,
        replaced=[chosen(entry.table, difference.replaced)],
        revised=[
            date.fromordinal(EPOCH_DAY + int(day))
            for day in days_of(entry.table)[difference.revised]
        ],
        begun=entry.begun,
        sha256=None if news else entry.sha256,
    )


def _begun(entry: Miss, moment: datetime) -> datetime:
    """A series that takes another one's place begins after it, whatever clocks say."""
    return max(moment, entry.begun + MICROSECOND) if entry.begun else moment


def unite(one: Found, other: Found, dataset: Dataset) -> Joined:
    """Two states of one series in one, whichever comes first; `one` is what makes room."""
    table = merge(one.table, other.table)
    coverage = united(one.coverage, other.coverage)
    return Joined(
        table=table,
        coverage=coverage,
        generation=one.generation,
        news=coverage != one.coverage or not table.equals(one.table),
        replaced=[
            chosen(state.table, compare(state.table, table, dataset).replaced)
            for state in (one, other)
        ],
        begun=min(one.begun, other.begun) if one.begun and other.begun else None,
    )


@frozen(eq=False)
class Writer:
    """Writes one series: on the condition that nobody else did meanwhile, else joined anew.

    `look` reads what lies there now, past any listing.
    """

    store: Store
    key: SeriesKey
    native_id: str
    look: Callable[[], Found | Miss]
    join: Callable[[Found | Miss], Joined]
    sleep: Callable[[float], None]

    def write(self, entry: Found | Miss) -> Joined:
        """What lies there in the end. Raises StoreError; Conflict after so many rivals."""
        for attempt in range(TRIES):
            joined = self.join(entry)
            try:
                return self._put(joined)
            except Conflict:
                self.sleep(_jitter.uniform(0, min(LONGEST_WAIT, SHORTEST_WAIT * 2**attempt)))
                entry = self.look()
        raise Conflict(f"{self.key}: others wrote it {TRIES} times meanwhile")

    def _put(self, joined: Joined) -> Joined:
        return put(self.store, self.key, self.native_id, joined) if joined.news else joined


def put(store: Store, key: SeriesKey, native_id: str, joined: Joined) -> Joined:
    """Write the object, what it replaces first. Raises Conflict."""
    if joined.former:
        keep_whole(store, key, joined.former)
    for rows in joined.replaced:
        keep(store, key, native_id, rows, joined.begun)
    data, metadata = encode(key, native_id, joined.table, joined.coverage, joined.begun)
    generation = store.put(key.path, data, metadata, if_generation=joined.generation)
    return evolve(joined, sha256=metadata["sha256"], generation=generation)
