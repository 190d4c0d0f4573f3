"""To which day a folded value can be trusted: a sum without one of its members is a wrong number.

A member whose series failed, or whose last days have not come yet, would silently drop out of the
sum over members; the cells that rely on it are withheld instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from datalake_aggregation import Mapping

from ..cache.rows import last_day
from .fetch import Series
from .plan import Feed

#: A series that ends so close to the last wanted day is late; one that ended earlier is over.
LATE = timedelta(days=7)

#: Output column -> canonical id -> the last day that can be trusted.
Limits = dict[str, dict[str, date]]


def known_limits(series: Iterable[Series], feeds: Sequence[Feed], mapping: Mapping) -> Limits:
    """The limits of all columns that are folded from members."""
    limits: Limits = {}
    for one in series:
        through = _known_through(one)
        if through is None:
            continue
        asset = one.want.asset.id
        canonical = mapping.canonical_of(asset)
        kind = next(m.kind for m in mapping.members(canonical) if m.asset == asset)
        for feed in feeds:
            rule = mapping.columns[feed.output]
            if feed.dataset == one.want.name and rule.needs_members and rule.relies_on(kind):
                known = limits.setdefault(feed.output, {})
                known[canonical] = min(through, known.get(canonical, through))
    return limits


def _known_through(series: Series) -> date | None:
    """The last day that is known of a series of which later days exist; None for a whole one."""
    last = last_day(series.table)
    if series.failed:
        return last or date.min
    wanted = series.want.wanted.last
    return last if last and wanted - LATE <= last < wanted else None
