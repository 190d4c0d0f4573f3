"""To which day a folded value can be trusted: a sum without one of its members is a wrong number.

A member whose series failed, or whose last days have not come yet, would silently drop out of the
sum over members; the cells that rely on it are withheld instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import polars as pl

from datalake_aggregation import Mapping

from .plan import Feed
from .series import LATE, Series

#: A variant with a smaller part of its canonical asset's value does not hold it back.
MATERIAL = 0.01

#: Output column -> canonical id -> the last day that can be trusted.
Limits = dict[str, dict[str, date]]


def known_limits(
    series: Iterable[Series], feeds: Sequence[Feed], mapping: Mapping, frame: pl.DataFrame
) -> Limits:
    """The limits of all columns that are folded from members; `frame` is the long frame."""
    limits: Limits = {}
    for one in series:
        through = one.known_through
        if through is None:
            continue
        asset = one.want.asset.id
        canonical = mapping.canonical_of(asset)
        members = {member.asset: member.kind for member in mapping.members(canonical)}
        for feed in feeds:
            rule = mapping.columns[feed.output]
            if feed.dataset != one.want.name or not rule.needs_members:
                continue
            if rule.relies_on(members[asset]) and (
                asset == canonical or _matters(frame, feed.output, asset, list(members), through)
            ):
                known = limits.setdefault(feed.output, {})
                known[canonical] = min(through, known.get(canonical, through))
    return limits


def _matters(
    frame: pl.DataFrame, column: str, asset: str, members: Sequence[str], through: date
) -> bool:
    """Whether a variant's part of its last known week is too large to be left out unseen."""
    if through == date.min:
        return True
    week = frame.filter(
        pl.col("asset").is_in(members), pl.col("date").is_between(through - LATE, through)
    )
    whole = float(week[column].sum())
    part = float(week.filter(pl.col("asset") == asset)[column].sum())
    return part >= MATERIAL * whole
