"""What the cache hands out for the wanted days, and how it was come by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import pyarrow as pa
from attrs import frozen

from ..errors import FetchError
from ..models import Window
from ..series import Reject
from .history import last_learnt
from .objects import Found
from .rows import last_day


@frozen
class CameFrom:
    """The series that rows were taken from: the object's sha256 and generation (None: it could not
    be written), when the last of its rows was learnt, when the provider was last asked."""

    native_id: str
    sha256: str | None
    generation: str | None
    learnt_at: datetime | None
    asked_at: datetime


@frozen(eq=False)
class Cached:
    """The rows for the wanted days: `date` and the dataset's columns; and how they were come by.

    - `hit`: the cache had them, nothing was fetched or tried; `reason` says why (not).
    - `fetched`: the window that was fetched, if one was; `rejects` are values that were not let in.
    - `revised`: these days were replaced, because the provider now says something else.
    - `error`: what stood in the way of fetching; the rows are those that the cache held, and
      `stale_through` is the last day among them.
    - `asked_through`: the last day that was ever asked for with success, delivered or not: a
      series that has ended is known through it.
    - `learnt`: when each of the rows was learnt; None where there is no series.
    - `source`: the whole series, of which these are the wanted days; None where there is none.
    """

    table: pa.Table
    hit: bool
    reason: str
    fetched: Window | None = None
    revised: Sequence[date] = ()
    rejects: Sequence[Reject] = ()
    error: FetchError | None = None
    stale_through: date | None = None
    asked_through: date | None = None
    learnt: pa.ChunkedArray | None = None
    source: CameFrom | None = None

    @property
    def rejected(self) -> int:
        """How many values were not let in."""
        return len(self.rejects)

    @property
    def revisions(self) -> int:
        """How many days were revised."""
        return len(self.revised)


def came_from(entry: Found) -> CameFrom:
    """Where rows of a cached series come from."""
    asked_at = entry.coverage.checked_at
    learnt_at = last_learnt(entry.table)
    return CameFrom(entry.native_id, entry.sha256, entry.generation, learnt_at, asked_at)


def served(entry: Found, wanted: Window, hit: bool, reason: str) -> Cached:
    """What the cache holds of the wanted days, where nothing is to be fetched."""
    learnt, source = entry.learnt(wanted), came_from(entry)
    return Cached(entry.within(wanted), hit, reason, learnt=learnt, source=source)


def stood_in(entry: Found, wanted: Window, reason: str, error: FetchError) -> Cached:
    """What the cache holds of the wanted days, where an error stood in the way of the rest."""
    rows = entry.within(wanted)
    asked = max(entry.coverage.complete_through, entry.coverage.checked_through)
    return Cached(
        rows,
        False,
        reason,
        error=error,
        stale_through=last_day(rows),
        asked_through=asked,
        learnt=entry.learnt(wanted),
        source=came_from(entry),
    )
