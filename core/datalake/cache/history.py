"""A series as it was known at an earlier moment: of each day the row that was learnt last by then.

The series keeps the latest row of each day, and what a later row replaced lies under revisions;
together they are all that was ever known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timezone
from functools import reduce

import numpy as np
import pyarrow as pa
from attrs import evolve

from ..models import DAY
from ..series.arrays import Array, known
from ..series.stamps import EPOCH, MICROSECOND
from .coverage import Coverage
from .objects import Found, Miss, Rows
from .rows import EPOCH_DAY, OBSERVED, chosen, days_of, merge

_ALWAYS = datetime.min.replace(tzinfo=timezone.utc)


def series_at(
    current: Found | None, past: Sequence[Rows], moment: datetime, native_id: str | None = None
) -> Found | Miss:
    """The series as it was at `moment`, or why there was none.

    `current` is what lies there now, `past` all that lies under its revisions. A series that took
    another one's place at some moment says nothing of what was known before it: that was the
    other's. With a `native_id` only series of that name count.
    """
    parts: list[Found | Rows] = [current, *past] if current else [*past]
    whole = [one for one in parts if one.coverage]
    named = [one for one in whole if native_id in (None, one.native_id)]
    there = [one for one in named if _begun(one) <= moment]
    if not there:
        return Miss(_why_not(whole, named, moment))
    # the latest state of the latest series; the current one where they are equal
    last = max(there, key=lambda one: (_begun(one), one is current, _coverage(one).checked_at))
    home = (last.native_id, _begun(last))
    tables = [one.table for one in parts if _home(one, whole) == home]
    table = reduce(merge, (learnt_by(table, moment) for table in tables))
    if not len(table) and last.begun is None:  # kept since nobody knows when
        first = min((first_learnt(table) for table in tables if len(table)), default=None)
        if first:
            return Miss(f"nothing of it was known at {moment:%Y-%m-%d %H:%MZ}; {_learnt(first)}")
    later = np.setdiff1d(reduce(np.union1d, map(days_of, tables)), days_of(table))
    coverage = _coverage_at(_coverage(last), days_of(table), later, moment)
    if isinstance(last, Found):
        return evolve(last, table=table, coverage=coverage)
    return Found(table, coverage, "", last.native_id, begun=last.begun)


def learnt_by(table: pa.Table, moment: datetime) -> pa.Table:
    """The rows that were learnt at or before `moment`."""
    return chosen(table, _learnt_at(table) <= (moment - EPOCH) // MICROSECOND)


def first_learnt(table: pa.Table) -> datetime:
    """When the first of the rows was learnt."""
    return EPOCH + int(_learnt_at(table).min()) * MICROSECOND


def last_learnt(table: pa.Table) -> datetime | None:
    """When the last of the rows was learnt; None where there are none."""
    return EPOCH + int(_learnt_at(table).max()) * MICROSECOND if len(table) else None


def _learnt_at(table: pa.Table) -> Array:
    return known(table[OBSERVED], "i8")


def _coverage_at(coverage: Coverage, had: Array, later: Array, moment: datetime) -> Coverage:
    """What was covered at a moment, as far as the rows tell: `had` are the days known then, `later`
    those that were learnt afterwards."""
    if not len(had):
        return evolve(coverage, complete_through=coverage.start - DAY)
    first, last = int(had[0]), int(had[-1])
    before, after = later[later < first], later[later > last]
    asked = max(coverage.complete_through, coverage.checked_through)
    if len(after):
        asked = _day(int(after[0])) - DAY
    return Coverage(
        start=_day(first) if len(before) else coverage.start,
        complete_through=_day(last),
        checked_at=min(coverage.checked_at, moment),
        checked_through=min(asked, moment.date() - DAY),
    )


def _day(number: int) -> date:
    return date.fromordinal(EPOCH_DAY + number)


def _begun(one: Found | Rows) -> datetime:
    return one.begun or _ALWAYS


def _home(one: Found | Rows, whole: Sequence[Found | Rows]) -> tuple[str, datetime] | None:
    """The series that the rows belong to: the last of their name that had begun by then."""
    begun = [_begun(w) for w in whole if w.native_id == one.native_id and _begun(w) <= _begun(one)]
    return (one.native_id, max(begun)) if begun else None


def _coverage(one: Found | Rows) -> Coverage:
    assert one.coverage is not None  # noqa: S101  # only whole series are asked
    return one.coverage


def _why_not(whole: Sequence[Found | Rows], named: Sequence[Found | Rows], moment: datetime) -> str:
    if not whole:
        return "not in the cache"
    if not named:
        return f"it was kept as {', '.join(sorted({repr(one.native_id) for one in whole}))}"
    begun = min(map(_begun, named))
    return f"nothing of it was known at {moment:%Y-%m-%d %H:%MZ}; {_learnt(begun)}"


def _learnt(moment: datetime) -> str:
    return f"it was first kept at {moment:%Y-%m-%d %H:%MZ}"
