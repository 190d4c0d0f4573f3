"""Cells folded anew from the series of their families: the values, and what became of members."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import reduce
from typing import Any

import polars as pl
from attrs import evolve, field, frozen

from datalake_aggregation import Guard, Rule
from datalake_aggregation import Mapping as CanonicalMapping

from ..running.fetching.series import Series
from ..running.folding.frame import long_frame, sound_rows
from ..running.folding.limits import Limits, known_limits
from ..running.planning.plan import feeds, folded_columns

NATIVE = "native"
#: What most members without a part in a cell have in common.
NOT_TAKEN, NO_VALUE = "not taken by the rule", "has no value on that day"
FAILED = "not used, since the reducer failed"


@frozen
class Part:
    """What one member had on that day. `value` is its own, `entered` whether it is in the cell,
    `why` what decided; `guard` is what the de-peg guard says of it, where that is anything, and
    `where` the mapping lists it."""

    asset: str
    kind: str
    value: float | None
    entered: bool
    why: str
    guard: str | None
    where: str | None


@frozen
class Cell:
    """A number and how it came about: `rule` is the one that held on that day. `note` says why
    there is no value, where there is none."""

    value: float | None
    rule: Rule
    members: Sequence[Part]
    note: str | None


@frozen
class Making:
    """How a run made its rows: it put out these `columns` from `since` on; with_market says that it
    wanted prices, so that an asset's rows begin with its first market day. `failed` says of columns
    that came out null what was wrong with their reducers."""

    columns: Sequence[str]
    since: date
    with_market: bool
    failed: Mapping[str, str] = field(factory=dict)


@frozen(eq=False)
class Refolded:
    """Families folded once, for any number of questions. `rows` are those that came of them within
    the `limits`; `entered` is every value that is in a cell; `wrong` says of columns which reducer
    failed."""

    series: Sequence[Series]
    mapping: CanonicalMapping
    making: Making
    frame: pl.DataFrame
    limits: Limits
    rows: pl.DataFrame
    entered: pl.DataFrame
    exclusions: pl.DataFrame
    wrong: Mapping[str, str]

    def on(self, day: date) -> Day:
        """The cells of one day."""
        of_day = pl.col("date") == day
        strays = self.exclusions.filter(of_day)
        entered = self.entered.filter(of_day).select("column", "canonical_id", "asset")
        return Day(
            self,
            day,
            {row["asset"]: row for row in self.frame.filter(of_day).to_dicts()},
            {row["canonical_id"]: row for row in self.rows.filter(of_day).to_dicts()},
            set(entered.iter_rows()),
            {(row["canonical_id"], row["asset"]): row for row in strays.to_dicts()},
        )


def refold(series: Sequence[Series], mapping: CanonicalMapping, making: Making) -> Refolded:
    """The cells of whole families, from the series of all their members as the run had them."""
    folded_into = folded_columns(mapping, making.columns)
    sources = feeds(mapping, folded_into)
    frame = long_frame(series, sources, folded_into)
    limits = known_limits(series, sources, making.columns, mapping, frame)
    without = reduce(CanonicalMapping.natively, making.failed, mapping)
    rows, folded, wrong = sound_rows(
        frame, making.columns, without, limits, with_market=making.with_market
    )
    return Refolded(
        series=series,
        mapping=mapping,
        making=making,
        frame=frame,
        limits=limits,
        rows=rows,
        entered=folded.contributions(),
        exclusions=folded.exclusions,
        wrong={**wrong, **making.failed},
    )


@frozen(eq=False)
class Day:
    """What families had on one day: `values` by member, `rows` by canonical asset; which values are
    in a cell, by column, canonical asset and member; and what the guard found of a member."""

    of: Refolded
    date: date
    values: Mapping[str, Mapping[str, Any]]
    rows: Mapping[str, Mapping[str, Any]]
    entered: Collection[tuple[str, str, str]]
    strays: Mapping[tuple[str, str], Mapping[str, Any]]

    def cell(self, canonical_id: str, column: str) -> Cell:
        """The cell of that asset and column."""
        rule = self.of.mapping.rule_for(column, canonical_id, self.date)
        parts = list(self._parts(canonical_id, column, rule))
        if why := self.of.wrong.get(column):
            unused = [evolve(part, entered=False, why=FAILED) for part in parts]
            return Cell(None, rule, unused, f"null on all days: {why}")
        row = self.rows.get(canonical_id) if self.date >= self.of.making.since else None
        value = row[column] if row else None
        if value is not None:
            return Cell(value, rule, parts, None)
        return Cell(
            None,
            rule,
            parts,
            self._withheld(canonical_id, column) or self._absent(canonical_id, parts),
        )

    def _parts(self, canonical_id: str, column: str, rule: Rule) -> Iterator[Part]:
        guard = self.of.mapping.guard
        for member in self.of.mapping.members(canonical_id):
            value = self.values.get(member.asset, {}).get(column)
            stray = self.strays.get((canonical_id, member.asset))
            inside = (column, canonical_id, member.asset) in self.entered
            looked_at = rule.needs_members or member.kind == NATIVE
            out = bool(stray and stray["excluded"])
            yield Part(
                asset=member.asset,
                kind=member.kind,
                value=value,
                entered=inside,
                why=_why(value, inside, out) if looked_at else NOT_TAKEN,
                guard=_guarded(stray, guard, member.kind) if stray else None,
                where=str(member.where) if member.where else None,
            )

    def _withheld(self, canonical_id: str, column: str) -> str | None:
        """Which members hold the cell back, if it is known only through an earlier day."""
        limits = self.of.limits
        if self.date == limits.open_day:
            unknown = canonical_id in limits.unknown.get(column, ())
            return "withheld: no snapshot tells all that it relies on" if unknown else None
        through = limits.through.get(column, {}).get(canonical_id)
        if through is None or self.date <= through:
            return None
        family = {member.asset for member in self.of.mapping.members(canonical_id)}
        late = {
            one.want.asset.id
            for one in self.of.series
            if one.known_through is not None
            and one.known_through <= through
            and one.want.asset.id in family
        }
        when = "could not be had" if through == date.min else f"could be had only through {through}"
        return f"withheld: what it relies on {when} ({', '.join(sorted(late))})"

    def _absent(self, canonical_id: str, parts: Sequence[Part]) -> str:
        """Why there is no value although nothing is withheld."""
        if self.date < self.of.making.since:
            return f"the run put out days from {self.of.making.since} on"
        if not any(part.entered for part in parts):
            return "no member whose value the rule takes has one on that day"
        first = self.of.rows.filter(pl.col("canonical_id") == canonical_id)["date"].min()
        return f"the rows of an asset begin with its first market day, {first!s}"


def _why(value: float | None, inside: bool, out: bool) -> str:
    """What decided on a member, in a few words."""
    if value is None:
        return NO_VALUE
    if inside:
        return "counts"
    return "left out by the guard" if out else NOT_TAKEN


def _guarded(stray: Mapping[str, Any], guard: Guard, kind: str) -> str:
    """What the guard found on that day, and what it made of it."""
    if stray["ratio"] is None:
        return "left out: since it lost its peg, no price has shown that it is back"
    apart = f"at {stray['ratio']:.3f} of native's price, beyond {guard.tolerance_of(kind):.1%}"
    if stray["excluded"]:
        return f"left out: {apart} for {guard.days} days or more"
    return f"kept: {apart}, but not for {guard.days} days"
