"""To which day a folded value can be trusted: a sum without one of its members is a wrong number.

A member whose series failed, or whose last days have not come yet, would silently drop out of the
sum over members; the cells that rely on it are withheld instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import polars as pl

from datalake_aggregation import Mapping

from ..models import DAY
from .plan import Feed
from .series import LATE, Series

#: A variant with a smaller part of its canonical asset's value does not hold it back.
MATERIAL = 0.01

#: Output column -> canonical id -> the last day that can be trusted.
Limits = dict[str, dict[str, date]]


def known_limits(
    series: Iterable[Series],
    feeds: Sequence[Feed],
    columns: Sequence[str],
    mapping: Mapping,
    frame: pl.DataFrame,
) -> Limits:
    """The limits of those columns that are folded from members; `frame` is the long frame."""
    limits: Limits = {}
    for one in series:
        if one.known_through is None:
            continue
        asset = one.want.asset.id
        canonical = mapping.canonical_of(asset)
        for feed in feeds:
            if feed.dataset != one.want.name:
                continue
            through = _known_through(frame, feed.output, asset, one.known_through)
            for column in columns:
                if _hangs_on(frame, column, feed.output, asset, through, mapping):
                    known = limits.setdefault(column, {})
                    known[canonical] = min(through, known.get(canonical, through))
    return limits


def _known_through(frame: pl.DataFrame, fed: str, asset: str, through: date) -> date:
    """The day to which an asset's values are known: another source of the column may go on."""
    own = frame.filter(pl.col("asset") == asset, pl.col(fed).is_not_null())
    last = own["date"].max()
    return max(through, last) if isinstance(last, date) else through


def _hangs_on(
    frame: pl.DataFrame, column: str, fed: str, asset: str, through: date, mapping: Mapping
) -> bool:
    """Whether a rule that holds after `through` makes cells of `column` wrong without the asset.

    `fed` is the column that the asset has no value of: `column` itself, or what it is weighed by.
    """
    canonical = mapping.canonical_of(asset)
    members = {member.asset: member.kind for member in mapping.members(canonical)}
    return any(
        fed in (column, rule.share(column))
        and rule.relies_on(members[asset])
        and (
            asset == canonical or _matters(frame, rule.share(column), asset, list(members), through)
        )
        for rule in mapping.rules_for(column, canonical, through + DAY)
    )


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
