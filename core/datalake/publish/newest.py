"""The gate's look at the days that are new: whether they go on from those before."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import polars as pl
from attrs import frozen

from ..rules import GateRules
from .breadth import NAMED, Crowd, amount, finding, listed, passed
from .candidate import Candidate, Check
from .published import Content

#: A value is compared with the last one known within so many days.
LOOK_BACK = 7
#: Days of the past that say what is usual.
YEAR = 371
#: Days with the same day of the week, and assets on a day, below which nothing is usual.
FEWEST_DAYS, FEWEST_ASSETS = 8, 10
#: A jump of one heavy asset that has lasted for so many days is a new level.
LASTS = 3
#: By how much the market's step may be beyond every one on that day of the week in the past year.
SLACK = math.log(1.1)


@frozen(eq=False)
class _Steps:
    """`rows` has for each asset and day of the last year each column's value, and under
    `COLUMN before` the one known before it; `first` is each column's first new day."""

    rows: pl.DataFrame
    first: Mapping[str, date]

    def new(self, column: str) -> pl.DataFrame:
        """The new days on which the column has a value now and had one before."""
        known = pl.col(column).is_not_null() & pl.col(f"{column} before").is_not_null()
        return self.rows.filter(known & (pl.col("date") >= self.first[column]))


def check_newest(
    candidate: Candidate, before: Content, crowd: Crowd, rules: GateRules
) -> list[Check]:
    """Jumps of single assets, steps of the whole market, and columns that stand still."""
    steps = _steps(candidate, before)
    return [
        _jumps(steps, candidate, crowd, rules),
        _market(steps, rules),
        _frozen(steps, rules),
    ]


def _steps(candidate: Candidate, before: Content) -> _Steps:
    columns = [name for name in candidate.values if name in before.rows.columns]
    through = before.rows.select(
        pl.col("date").filter(pl.col(name).is_not_null()).max().alias(name) for name in columns
    ).row(0, named=True)
    first = {name: day + timedelta(days=1) for name, day in through.items() if day}
    since = min(first.values(), default=candidate.last_day) - timedelta(days=YEAR)
    rows = (
        candidate.rows.filter(pl.col("date") >= since)
        .sort("canonical_id", "date")
        .select(
            "date",
            "canonical_id",
            *(part for name in first for part in (pl.col(name), _before(name))),
        )
    )
    return _Steps(rows, first)


def _before(name: str) -> pl.Expr:
    """The value of the last row with one, if that is of the same asset and not too old."""
    known = pl.col(name).is_not_null()

    def last(what: str) -> pl.Expr:
        return pl.when(known).then(pl.col(what)).forward_fill().shift(1)

    recent = (pl.col("date") - last("date")) <= pl.duration(days=LOOK_BACK)
    same = last("canonical_id") == pl.col("canonical_id")
    return pl.when(recent & same).then(last(name)).alias(f"{name} before")


def _log_step(name: str) -> pl.Expr:
    """The logarithm of the factor; infinite for a value that fell to 0, null for one that rose
    from it, which is how many a series begins."""
    before = pl.col(f"{name} before")
    return pl.when(before > 0).then((pl.col(name) / before).log())


def _jumps(steps: _Steps, candidate: Candidate, crowd: Crowd, rules: GateRules) -> Check:
    names = [name for name in rules.jump if name in steps.first]
    found = [_jumped(steps, name, rules, candidate) for name in names]
    broad = False
    told: list[str] = []
    for name, jumps in zip(names, found, strict=True):
        ids = jumps["canonical_id"].unique().to_list()
        young = jumps.filter(pl.col("date") > candidate.last_day - timedelta(days=LASTS))[
            "canonical_id"
        ].unique()
        broad |= crowd.many(ids, rules.max_share) or crowd.heavy(young, rules.max_share)
        if ids:
            examples = listed(_examples(jumps, name, steps), jumps.height)
            told.append(f"{name} of {crowd.told(ids)}: {examples}")
    if not told:
        return passed("jumps", "no new value is far from the one before it")
    return finding("jumps", broad, f"no revision and no other provider explains {'; '.join(told)}")


def _jumped(steps: _Steps, name: str, rules: GateRules, candidate: Candidate) -> pl.DataFrame:
    """The new days of a column that are a jump, but for those that another provider saw too."""
    far = _log_step(name).abs() > math.log(rules.jump[name])
    jumps = steps.new(name).filter(far)
    opinions = candidate.evidence.opinions
    if opinions is None or name not in opinions.columns:
        return jumps
    other = opinions.select("date", "canonical_id", pl.col(name).alias("other"))
    agrees = (pl.col(name) / pl.col("other")).log().abs() <= -math.log1p(-rules.max_difference)
    both = jumps.join(other, on=["date", "canonical_id"], how="left", maintain_order="left")
    return both.filter(~agrees.fill_null(False))


def _examples(jumps: pl.DataFrame, name: str, steps: _Steps) -> list[str]:
    """The farthest jumps, with what the asset's other columns did on that day."""
    ranked = jumps.sort(_log_step(name).abs(), descending=True)
    others = [other for other in ("close", "market_cap", "volume") if other in steps.first]
    items = []
    for row in ranked.head(NAMED).iter_rows(named=True):
        beside = ", ".join(
            f"{other} ×{row[other] / row[f'{other} before']:.3g}"
            for other in others
            if other != name and row[other] is not None and row[f"{other} before"]
        )
        items.append(
            f"{row['canonical_id']} on {row['date']} from {amount(row[f'{name} before'])} "
            f"to {amount(row[name])}{f' ({beside})' if beside else ''}"
        )
    return items


def _market(steps: _Steps, rules: GateRules) -> Check:
    """The median asset's step against those of the same day of the week in the past year.

    It is refused only where most assets jumped: a crash of the whole market is news.
    """
    names = [name for name in rules.jump if name in steps.first]
    medians = (
        steps.rows.group_by("date")
        .agg(
            *(_log_step(name).median().alias(name) for name in names),
            *(_log_step(name).count().alias(f"{name} assets") for name in names),
        )
        .sort("date")
    )
    told, refused = [], False
    for name in names:
        enough = medians.filter(pl.col(f"{name} assets") >= FEWEST_ASSETS).select(
            "date", pl.col(name).alias("step"), pl.col("date").dt.weekday().alias("weekday")
        )
        new = pl.col("date") >= steps.first[name]
        usual = (
            enough.filter(~new)
            .group_by("weekday")
            .agg(pl.col("step").min().alias("low"), pl.col("step").max().alias("high"), pl.len())
            .filter(pl.col("len") >= FEWEST_DAYS)
        )
        beyond = (
            enough.filter(new)
            .join(usual, on="weekday")
            .filter(~pl.col("step").is_between(pl.col("low") - SLACK, pl.col("high") + SLACK))
        )
        for row in beyond.sort("date").iter_rows(named=True):
            refused |= abs(row["step"]) > math.log(rules.jump[name])
            told.append(
                f"{name} of the median asset on {row['date']} is ×{math.exp(row['step']):.3g} the "
                f"day before's; on that day of the week it was between "
                f"×{math.exp(row['low']):.3g} and ×{math.exp(row['high']):.3g} for a year"
            )
    if not told:
        return passed("market", "the market as a whole moved as it has before")
    return finding("market", refused, listed(told))


def _frozen(steps: _Steps, rules: GateRules) -> Check:
    told = []
    for name, first in steps.first.items():
        value, before = pl.col(name), pl.col(f"{name} before")
        same = (value == before).filter(value != 0)
        shares = (
            steps.rows.group_by("date")
            .agg(same.mean().alias("share"), same.count().alias("assets"))
            .filter(pl.col("assets") >= FEWEST_ASSETS)
            .sort("date")
        )
        new = pl.col("date") >= first
        past: Sequence[float] = shares.filter(~new)["share"].to_list()
        usual = max(past[-30:], default=0.0)
        for day, share, _ in shares.filter(new & (pl.col("share") > rules.max_frozen)).iter_rows():
            if share > usual:
                told.append(
                    f"{name} of {share:.0%} of the assets is on {day} what it was the day before, "
                    f"to the last digit; {usual:.0%} at most in the days before"
                )
    if not told:
        return passed("frozen", "no column stands still")
    return finding("frozen", True, listed(told))
