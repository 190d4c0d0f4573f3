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
    """When the days of one series were learnt: `days` since 1970, and of each the moment in
    microseconds since then. The rest is as in `Revision`."""

    source: str
    asset: str
    canonical_id: str
    columns: Sequence[str]
    days: Array
    moments: Array

    def since(self, moment: datetime, last_day: date) -> list[Revision]:
        """The days through `last_day` that were learnt after the moment, by unbroken runs: those
        between two runs were not told anew."""
        newest = (last_day - EPOCH.date()).days
        late = (self.moments > (moment - EPOCH) // MICROSECOND) & (self.days <= newest)
        days = self.days[late]
        runs = np.split(days, np.flatnonzero(np.diff(days) > 1) + 1) if len(days) else []
        return [self._revision(run) for run in runs]

    def _revision(self, run: Array) -> Revision:
        first, last = (date.fromordinal(EPOCH.toordinal() + int(day)) for day in run[[0, -1]])
        return Revision(
            self.source, self.asset, self.canonical_id, self.columns, first, last, len(run)
        )


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
