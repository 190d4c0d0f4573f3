"""An answer joined into what the cache holds, and written without losing anybody's rows."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime

import numpy as np
import pyarrow as pa
from attrs import frozen

from ..errors import Conflict
from ..models import Dataset, Window
from ..stores import Store
from .coverage import Coverage, first_coverage, united
from .keys import SeriesKey
from .objects import Found, Miss, encode
from .revisions import keep
from .rows import chosen, compare, crop, days_of, last_day, merge, observed

TRIES = 20
#: Back-off between tries in seconds: 5 ms doubled each time, half a second at most.
SHORTEST_WAIT, LONGEST_WAIT = 0.005, 0.5
_jitter = random.SystemRandom()


@frozen(eq=False)
class Answer:
    """What a provider said of all days of a window, and when."""

    rows: pa.Table
    window: Window
    rejected: int
    moment: datetime


@frozen(eq=False)
class Joined:
    """What an object is to hold, what that replaces in it, and where it must still stand."""

    table: pa.Table
    coverage: Coverage
    replaced: pa.Table | None
    generation: str
    news: bool


def join(entry: Found | Miss, answer: Answer, dataset: Dataset) -> Joined:
    """The answer merged into what is there: rows that say the same stay as they are."""
    delivered_through = last_day(answer.rows)
    if isinstance(entry, Miss):
        coverage = first_coverage(answer.window, delivered_through, answer.moment)
        return Joined(observed(answer.rows, answer.moment), coverage, None, entry.generation, True)
    changed = compare(entry.table, answer.rows, dataset).changed
    table = merge(entry.table, observed(chosen(answer.rows, changed), answer.moment))
    known = days_of(crop(entry.table, answer.window))
    coverage = entry.coverage.after(
        answer.window,
        delivered_through,
        answer.moment,
        confirmed=bool(np.isin(known, days_of(answer.rows)).all()),
    )
    return Joined(
        table=table,
        coverage=coverage,
        replaced=chosen(entry.table, compare(entry.table, table, dataset).revised),
        generation=entry.generation,
        news=coverage != entry.coverage or not table.equals(entry.table),
    )


def unite(one: Found, other: Found) -> tuple[pa.Table, Coverage]:
    """Two states of one series in one, whichever comes first."""
    return merge(one.table, other.table), united(one.coverage, other.coverage)


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
                self._put(joined)
                return joined
            except Conflict:
                self.sleep(_jitter.uniform(0, min(LONGEST_WAIT, SHORTEST_WAIT * 2**attempt)))
                entry = self.look()
        raise Conflict(f"{self.key}: others wrote it {TRIES} times meanwhile")

    def _put(self, joined: Joined) -> None:
        if not joined.news:
            return
        if joined.replaced:
            keep(self.store, self.key, self.native_id, joined.replaced)
        data, metadata = encode(self.key, self.native_id, joined.table, joined.coverage)
        self.store.put(self.key.path, data, metadata, if_generation=joined.generation)
