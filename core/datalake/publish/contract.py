"""The contract: what is true of every published row, whatever was published before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

import polars as pl
from attrs import frozen

from ..models import DAY
from ..names import KEYS, STANDARD
from .candidate import Candidate, Check
from .rows import collected, height, parts

_EXAMPLES = 5
_POSITIVE = ("close", "open", "high", "low")
_NOT_NEGATIVE = ("volume", "market_cap", "chain_tvl", "protocol_tvl", "dex_volume")
_SCORES = ("lc_galaxy_score", "lc_sentiment")
_NOISE = 1e-9  # of a float that went through an average or a currency conversion
_RECENT = timedelta(days=30)  # a gap that ended earlier is nothing new
_SAMPLING = 0.01  # candles and prices are sampled apart, so an extreme may miss the close

_id, _day = pl.col("canonical_id"), pl.col("date")
_same_asset = _id == _id.shift(1)
_before = pl.when(_same_asset).then(_day.shift(1))


@frozen
class _Rule:
    """`broken` holds, by column to be shown, an expression that is true where a row offends."""

    name: str
    demand: str
    broken: Mapping[str, pl.Expr]
    level: Literal["warning", "refused"] = "refused"


def check_contract(candidate: Candidate) -> tuple[Check, ...]:
    """One check for each rule; the first ones alone where the columns are not what they must be."""
    shape = (_columns(candidate), _some_rows(candidate))
    if not all(check.passed for check in shape):
        return shape
    # one by one: together they would hold the whole file
    judged = [_judge(rule, candidate.rows) for rule in _rules(candidate) if rule.broken]
    return (*shape, *judged, _gaps(candidate), _one_asset_one_id(candidate))


def _columns(candidate: Candidate) -> Check:
    expected = {"date": pl.Date, "canonical_id": pl.String} | dict.fromkeys(
        candidate.values, pl.Float64
    )
    schema = candidate.rows.collect_schema()
    notes = Counter(note.name for note in candidate.columns)
    problems = [
        *(f"{name} is missing" for name in expected if name not in schema),
        *(f"{name} has no note" for name in schema if name not in KEYS and name not in notes),
        *(f"{name} has {count} notes" for name, count in notes.items() if count > 1),
        *(f"{name} is a key and needs no note" for name in KEYS if name in notes),
        *(
            f"{name} is {schema[name]} and must be {kind}"
            for name, kind in expected.items()
            if name in schema and schema[name] != kind
        ),
    ]
    if problems:
        return Check("columns", False, "refused", "; ".join(problems))
    extended = len(candidate.values) + len(KEYS) - len(STANDARD)
    more = f" and {extended} extended ones" if extended else ""
    return Check(
        "columns", True, "ok", f"the {len(STANDARD)} standard columns{more} are as promised"
    )


def _some_rows(candidate: Candidate) -> Check:
    if rows := height(candidate.rows):
        return Check("content", True, "ok", f"there are {rows:,} rows")
    return Check("content", False, "refused", "there are no rows at all")


def _rules(candidate: Candidate) -> list[_Rule]:
    known_ids = [asset.canonical_id for asset in candidate.assets]
    last = candidate.last_day
    have = set(candidate.values)

    def each(names: tuple[str, ...]) -> dict[str, pl.Expr]:
        return {name: pl.col(name) for name in names if name in have}

    return [
        _Rule(
            "keys",
            "every row has a date and a canonical id",
            {"date": _day.is_null(), "canonical_id": _id.is_null() | (_id == "")},
        ),
        _Rule(
            "unique",
            "every asset has one row for a day",
            {"date": _day == _before},
        ),
        _Rule(
            "order",
            "rows are sorted by asset and day",
            {"date": (_id < _id.shift(1)) | (_day < _before)},
        ),
        _Rule("days", f"no row lies after {last}, the last day of the run", {"date": _day > last}),
        _Rule(
            "universe",
            "every canonical id is in the universe",
            {"canonical_id": ~_id.is_in(known_ids)},
        ),
        _Rule(
            "numbers",
            "no value is infinite or not a number",
            {name: ~pl.col(name).is_finite() for name in candidate.values},
        ),
        _Rule(
            "prices",
            "prices are above zero",
            {name: value <= 0 for name, value in each(_POSITIVE).items()},
        ),
        _Rule(
            "amounts",
            "volumes, market caps and TVLs are not negative",
            {name: value < 0 for name, value in each(_NOT_NEGATIVE).items()},
        ),
        _Rule(
            "scores",
            "scores lie between 0 and 100",
            {name: (value < 0) | (value > 100) for name, value in each(_SCORES).items()},
        ),
        *(_candles() if {"open", "high", "low"} <= have else ()),
    ]


def _candles() -> tuple[_Rule, _Rule]:
    """A candle comes from one source and must agree with itself; `close` comes from another."""
    low, high = pl.col("low"), pl.col("high")

    def outside(value: str, slack: float) -> pl.Expr:
        above = pl.col(value) > high * (1 + slack)
        below = pl.col(value) < low * (1 - slack)
        return above.fill_null(False) | below.fill_null(False)

    return (
        _Rule(
            "candles",
            "low is not above high, and open lies between them",
            {"low": low > high * (1 + _NOISE), "open": outside("open", _NOISE)},
        ),
        _Rule(
            "close in its candle",
            "close lies between low and high, give or take one percent",
            {"close": outside("close", _SAMPLING)},
            level="warning",
        ),
    )


def _judge(rule: _Rule, rows: pl.LazyFrame) -> Check:
    counts = collected(rows.select(**{name: broken.sum() for name, broken in rule.broken.items()}))
    offences = {name: count or 0 for name, count in counts.row(0, named=True).items()}
    total = sum(offences.values())
    if not total:
        return Check(rule.name, True, "ok", rule.demand)
    examples: list[str] = []
    for column in (column for column, count in offences.items() if count):
        wanted = _EXAMPLES - len(examples)
        offenders = collected(rows.filter(rule.broken[column]).head(wanted))
        examples += [_shown(row, column) for row in offenders.iter_rows(named=True)]
    more = f" and {total - len(examples):,} more" if total > len(examples) else ""
    detail = f"not true that {rule.demand}: {'; '.join(examples)}{more}"
    return Check(rule.name, False, rule.level, detail)


def _shown(row: Mapping[str, object], column: str) -> str:
    place = f"{row['canonical_id'] or 'no asset'} on {row['date'] or 'no day'}"
    return place if column in KEYS else f"{place} has {column} {row[column]}"


def _gaps(candidate: Candidate) -> Check:
    """Days without a value inside an asset's range, the open day left aside: the one before it may
    not have settled yet. Old ones are the vendors' for good."""
    known = candidate.closed.rows.drop_nulls(list(KEYS)).filter(
        pl.any_horizontal(pl.col(candidate.values).is_not_null())
    )
    holes = pl.concat(
        part.select("canonical_id", _day.alias("to"), _before.alias("from")).filter(
            pl.col("to") - pl.col("from") > DAY
        )
        for part in parts(known.select(KEYS))
    ).sort("to", descending=True, maintain_order=True)
    if not holes.height:
        return Check("gaps", True, "ok", "no day is missing inside the range of an asset")
    told = [f"{name} from {first + DAY} to {last - DAY}" for name, last, first in holes.iter_rows()]
    missing = (holes["to"] - holes["from"]).dt.total_days().sum() - holes.height
    assets = holes["canonical_id"].n_unique()
    detail = f"{missing:,} days are missing inside the ranges of {assets} assets"
    newest: date = holes["to"][0]
    recent = newest > candidate.last_day - _RECENT
    more = f" and {len(told) - _EXAMPLES} more" if len(told) > _EXAMPLES else ""
    return Check(
        "gaps",
        not recent,
        "warning" if recent else "ok",
        f"{detail}: {'; '.join(told[:_EXAMPLES])}{more}",
    )


def _one_asset_one_id(candidate: Candidate) -> Check:
    claims: dict[str, set[str]] = {}
    for asset in candidate.assets:
        for member in {asset.canonical_id, *asset.members}:
            claims.setdefault(member, set()).add(asset.canonical_id)
    listed = Counter(asset.canonical_id for asset in candidate.assets)
    problems = [
        *(f"{name} is listed {count} times" for name, count in listed.items() if count > 1),
        *(
            f"{name} belongs to {' and '.join(sorted(owners))}"
            for name, owners in claims.items()
            if len(owners) > 1
        ),
    ]
    if not problems:
        return Check("members", True, "ok", "no asset is counted under two canonical ids")
    return Check("members", False, "refused", "; ".join(problems[:_EXAMPLES]))
