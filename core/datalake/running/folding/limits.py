"""To which day a folded value can be trusted: a sum without one of its members is a wrong number.

A member whose series failed, whose last days have not come yet, or of which no snapshot told on the
open day, would silently drop out of the sum over members; the cells that rely on it are withheld
instead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Mapping as MappingType
from datetime import date

import polars as pl
from attrs import evolve, field, frozen

from datalake_aggregation import Mapping

from ...cache.rows import last_day
from ...models import DAY
from ..fetching.series import LATE, Series
from ..planning.plan import Feed

#: A variant with a smaller part of its canonical asset's value does not hold it back.
MATERIAL = 0.01

#: Output column -> canonical id -> the last day that can be trusted.
Days = dict[str, dict[str, date]]


@frozen
class Limits:
    """`through` has the last closed days that can be trusted. On the `open_day`, where there is
    one, the assets that are `unknown`, by output column, cannot."""

    through: Days = field(factory=dict)
    open_day: date | None = None
    unknown: MappingType[str, Collection[str]] = field(factory=dict)

    @property
    def columns(self) -> list[str]:
        """The output columns that have a limit."""
        return list({**self.through, **self.unknown})


def known_limits(
    series: Sequence[Series],
    feeds: Sequence[Feed],
    columns: Sequence[str],
    mapping: Mapping,
    frame: pl.DataFrame,
) -> Limits:
    """The limits of those columns that are folded from members; `frame` is the long frame."""
    opened = (one.today for one in series if one.today is not None)
    open_day: date | None = next((last_day(today) for today in opened), None)
    if open_day is None:
        return Limits(_trusted(series, feeds, columns, mapping, frame))
    closed = frame.filter(pl.col("date") != open_day)
    through = _trusted(series, feeds, columns, mapping, closed)
    untold = list(_untold(series, feeds, open_day))
    today = _trusted(untold, feeds, columns, mapping, frame)
    unknown = {
        column: {asset for asset, day in known.items() if day < open_day}
        for column, known in today.items()
    }
    return Limits(through, open_day, unknown)


def _untold(series: Iterable[Series], feeds: Sequence[Feed], open_day: date) -> Iterator[Series]:
    """The series that go on, and have no value of a column on the open day: late, as it were."""
    for one in series:
        fed = [feed.column for feed in feeds if feed.dataset == one.want.name]
        told = one.today.select(fed) if one.today is not None else None
        if told is None or any(column.null_count for column in told.columns):
            last = last_day(one.table)
            if one.known_through is not None:
                yield one
            elif last is not None and last >= open_day - DAY - LATE:
                yield evolve(one, known_through=last)


def _trusted(
    series: Iterable[Series],
    feeds: Sequence[Feed],
    columns: Sequence[str],
    mapping: Mapping,
    frame: pl.DataFrame,
) -> Days:
    """The limits of cells that rely on a series which is known through some day only."""
    late: dict[tuple[str, str], list[tuple[float, date]]] = {}
    for one in series:
        canonical = mapping.canonical_of(one.want.asset.id)
        for column, part, through in _relied_on(one, feeds, columns, mapping, frame):
            late.setdefault((column, canonical), []).append((part, through))
    limits: Days = {}
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
