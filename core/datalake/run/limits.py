"""To which day a folded value can be trusted: a sum without one of its members is a wrong number.

A member whose series failed, or whose last days have not come yet, would silently drop out of the
sum over members; the cells that rely on it are withheld instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    late: dict[tuple[str, str], list[tuple[float, date]]] = {}
    for one in series:
        canonical = mapping.canonical_of(one.want.asset.id)
        for column, part, through in _relied_on(one, feeds, columns, mapping, frame):
            late.setdefault((column, canonical), []).append((part, through))
    limits: Limits = {}
    for (column, canonical), parts in late.items():
        if held := _material(parts):
            limits.setdefault(column, {})[canonical] = min(held)
    return limits


def _relied_on(
    one: Series,
    feeds: Sequence[Feed],
    columns: Sequence[str],
    mapping: Mapping,
    frame: pl.DataFrame,
) -> Iterator[tuple[str, float, date]]:
    """The columns that rely on a late series, how large a part it is, and to which day known."""
    if one.known_through is None:
        return
    asset = one.want.asset.id
    for feed in feeds:
        if feed.dataset == one.want.name:
            through = _known_through(frame, feed.output, asset, one.known_through)
            for column in columns:
                part = _part(frame, column, feed.output, asset, through, mapping)
                if part is not None:
                    yield column, part, through


def _material(parts: Iterable[tuple[float, date]]) -> list[date]:
    """The days at which those end that are too much to be left out unseen, all of them together:
    of many small ones each may be next to nothing, and their sum is not."""
    left_out, held = 0.0, []
    for part, through in sorted(parts):
        left_out += part
        if left_out >= MATERIAL:
            held.append(through)
    return held


def _known_through(frame: pl.DataFrame, fed: str, asset: str, through: date) -> date:
    """The day to which an asset's values are known: another source of the column may go on."""
    own = frame.filter(pl.col("asset") == asset, pl.col(fed).is_not_null())
    last = own["date"].max()
    return max(through, last) if isinstance(last, date) else through


def _part(
    frame: pl.DataFrame, column: str, fed: str, asset: str, through: date, mapping: Mapping
) -> float | None:
    """The part of cells of `column` that is wrong without the asset after `through`, by the rules
    that hold then; None where no rule relies on it, 1 where it is native or was never known.

    `fed` is the column that the asset has no value of: `column` itself, or what it is weighed by.
    """
    canonical = mapping.canonical_of(asset)
    members = {member.asset: member.kind for member in mapping.members(canonical)}
    parts = [
        1.0 if asset == canonical else _share(frame, rule.share(column), asset, members, through)
        for rule in mapping.rules_for(column, canonical, through + DAY)
        if fed in (column, rule.share(column)) and rule.relies_on(members[asset])
    ]
    return max(parts, default=None)


def _share(
    frame: pl.DataFrame, column: str, asset: str, members: Iterable[str], through: date
) -> float:
    """A variant's part of the last week in which it is known."""
    if through == date.min:
        return 1.0
    week = frame.filter(
        pl.col("asset").is_in(list(members)), pl.col("date").is_between(through - LATE, through)
    )
    whole = float(week[column].sum())
    part = float(week.filter(pl.col("asset") == asset)[column].sum())
    return part / whole if whole > 0 else 1.0
