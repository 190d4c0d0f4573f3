"""What speaks for a candidate's values, or against them, and is not published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from ..series.arrays import Array
from ..series.stamps import EPOCH, MICROSECOND

if TYPE_CHECKING:
    import polars as pl


@frozen
class Revision:
    """Closed days of one series that were learnt anew since a publication: an unbroken run of
    `days`, from the first to the last, and the value columns of `canonical_id` that they may
    change."""

    source: str
    asset: str
    canonical_id: str
    columns: Sequence[str]
    first: date
    last: date
    days: int


@frozen(eq=False)
class Learnt:
    """When the days of one series were learnt, by `runs`. The rest is as in `Revision`."""

    source: str
    asset: str
    canonical_id: str
    columns: Sequence[str]
    first: Array
    last: Array
    moments: Array

    def since(self, moment: datetime, last_day: date) -> list[Revision]:
        """The days through `last_day` that were learnt after the moment, by unbroken runs: those
        between two runs were not told anew."""
        newest = (last_day - EPOCH.date()).days
        late = (self.moments > (moment - EPOCH) // MICROSECOND) & (self.first <= newest)
        first, last = self.first[late], np.minimum(self.last[late], newest)
        apart = first[1:] > last[:-1] + 1
        begun, ended = np.ones((2, len(first)), dtype=bool)
        begun[1:], ended[:-1] = apart, apart
        return list(map(self._revision, first[begun].tolist(), last[ended].tolist()))

    def _revision(self, first: int, last: int) -> Revision:
        return Revision(
            self.source,
            self.asset,
            self.canonical_id,
            self.columns,
            _day(first),
            _day(last),
            last - first + 1,
        )


def runs(days: Array, moments: Array) -> tuple[Array, Array, Array]:
    """The first and the last of each unbroken run of days that were learnt at one moment, and that
    moment. `days` since 1970 are in order, moments are in microseconds since then."""
    apart = (np.diff(days) > 1) | (np.diff(moments) != 0)
    first, last = np.ones((2, len(days)), dtype=bool)
    first[1:], last[:-1] = apart, apart
    return days[first], days[last], moments[first]


def _day(number: int) -> date:
    return date.fromordinal(EPOCH.toordinal() + number)


@frozen(eq=False)
class Evidence:
    """`learnt` has each series that goes into the values. `opinions` are other providers' values:
    `date`, `canonical_id`, and Float64 columns named as the value columns that they stand beside.
    """

    learnt: Sequence[Learnt] = ()
    opinions: pl.DataFrame | None = None

    def revisions(self, moment: datetime, last_day: date) -> list[Revision]:
        """What was learnt anew, after the moment, of days through `last_day`."""
        return [found for one in self.learnt for found in one.since(moment, last_day)]
