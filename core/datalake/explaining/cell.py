"""One cell folded anew from the series of its family: the value, and what became of each member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce
from typing import Any

import polars as pl
from attrs import evolve, field, frozen

from datalake_aggregation import Folded, Guard, Rule
from datalake_aggregation import Mapping as CanonicalMapping

from ..running.frame import long_frame, sound_rows
from ..running.limits import Limits, known_limits
from ..running.plan import feeds, folded_columns
from ..running.series import Series

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
class Question:
    """Which cell is asked for, of a run that put out these `columns` from `since` on; with_market
    says that it wanted prices, so that an asset's rows begin with its first market day. `failed`
    says of columns that came out null what was wrong with their reducers."""

    canonical_id: str
    column: str
    day: date
    columns: Sequence[str]
    since: date
    with_market: bool
    failed: Mapping[str, str] = field(factory=dict)


def refold(series: Sequence[Series], mapping: CanonicalMapping, asked: Question) -> Cell:
    """The cell, from the series of its canonical asset's members as the run had them."""
    folded_into = folded_columns(mapping, asked.columns)
    sources = feeds(mapping, folded_into)
    frame = long_frame(series, sources, folded_into)
    limits = known_limits(series, sources, asked.columns, mapping, frame)
    without = reduce(CanonicalMapping.natively, asked.failed, mapping)
    rows, folded, wrong = sound_rows(
        frame, asked.columns, without, limits, with_market=asked.with_market
    )
    rule = mapping.rule_for(asked.column, asked.canonical_id, asked.day)
    parts = _parts(frame, folded, rule, mapping, asked)
    if why := {**wrong, **asked.failed}.get(asked.column):
        unused = [evolve(part, entered=False, why=FAILED) for part in parts]
        return Cell(None, rule, unused, f"null on all days: {why}")
    row = _of_the_day(rows, asked)
    value = row[asked.column].item() if row.height and asked.day >= asked.since else None
    if value is not None:
        return Cell(value, rule, parts, None)
    return Cell(None, rule, parts, _withheld(series, limits, asked) or _absent(parts, rows, asked))


def _parts(
    frame: pl.DataFrame,
    folded: Folded[pl.DataFrame],
    rule: Rule,
    mapping: CanonicalMapping,
    asked: Question,
) -> list[Part]:
    own = frame.filter(pl.col("date") == asked.day)
    values = dict(zip(own["asset"].to_list(), own[asked.column].to_list(), strict=True))
    entered = _of_the_day(folded.contributions(), asked).filter(pl.col("column") == asked.column)
    inside = set(entered["asset"])
    strays = {row["asset"]: row for row in _of_the_day(folded.exclusions, asked).to_dicts()}
    parts = []
    for member in mapping.members(asked.canonical_id):
        value, stray = values.get(member.asset), strays.get(member.asset)
        out = bool(stray and stray["excluded"])
        looked_at = rule.needs_members or member.kind == NATIVE
        parts.append(
            Part(
                asset=member.asset,
                kind=member.kind,
                value=value,
                entered=member.asset in inside,
                why=_why(value, member.asset in inside, out) if looked_at else NOT_TAKEN,
                guard=_guarded(stray, mapping.guard, member.kind) if stray else None,
                where=str(member.where) if member.where else None,
            )
        )
    return parts


def _of_the_day(frame: pl.DataFrame, asked: Question) -> pl.DataFrame:
    return frame.filter(pl.col("date") == asked.day, pl.col("canonical_id") == asked.canonical_id)


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


def _withheld(series: Sequence[Series], limits: Limits, asked: Question) -> str | None:
    """Which members hold the cell back, if it is known only through an earlier day."""
    if asked.day == limits.open_day:
        unknown = asked.canonical_id in limits.unknown.get(asked.column, ())
        return "withheld: no snapshot tells all that it relies on" if unknown else None
    through = limits.through.get(asked.column, {}).get(asked.canonical_id)
    if through is None or asked.day <= through:
        return None
    late = {
        one.want.asset.id
        for one in series
        if one.known_through is not None and one.known_through <= through
    }
    when = "could not be had" if through == date.min else f"could be had only through {through}"
    return f"withheld: what it relies on {when} ({', '.join(sorted(late))})"


def _absent(parts: Sequence[Part], rows: pl.DataFrame, asked: Question) -> str:
    """Why there is no value although nothing is withheld."""
    if asked.day < asked.since:
        return f"the run put out days from {asked.since} on"
    if not any(part.entered for part in parts):
        return "no member whose value the rule takes has one on that day"
    first = rows.filter(pl.col("canonical_id") == asked.canonical_id)["date"].min()
    return f"the rows of an asset begin with its first market day, {first!s}"
