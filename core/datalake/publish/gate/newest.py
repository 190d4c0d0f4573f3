"""The gate's look at the days that are new: whether they go on from those before."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import polars as pl
from attrs import define, field, frozen

from ...names import KEYS
from ...rules import GateRules
from ..candidate import Candidate, Check
from ..rows import parts
from .breadth import NAMED, Crowd, amount, finding, listed, passed

#: A value is compared with the last one known within so many days.
LOOK_BACK = 7
#: Days of the past that say what is usual.
YEAR = 371
#: Days with the same day of the week, and assets on a day, below which nothing is usual.
FEWEST_DAYS, FEWEST_ASSETS = 8, 10
#: A jump of one heavy asset that has lasted for so many days is a new level.
LASTS = 3
_ASSET = "asset number"
#: Assets of which the last year is held.
AT_ONCE = 200
_NO_STEPS = pl.DataFrame(schema={"date": pl.Date, "step": pl.Float64})
#: By how much the market's step may be beyond every one on that day of the week in the past year.
SLACK = math.log(1.1)


@frozen(eq=False)
class _Column:
    """The steps of one column from one known value to the next. `first` is its first new day.

    `new` has the new days on which it has a value now and had one before: under its name and under
    `COLUMN before`. `medians` has by `date` the median `step` of all `assets` (of a column that
    has a limit for jumps), `still` the `share` of the `assets` that stand still; both of the last
    year.
    """

    name: str
    first: date
    new: pl.DataFrame
    medians: pl.DataFrame
    still: pl.DataFrame


@define(eq=False)
class _Steps:
    """The same while it is put together, some assets after the others: `steps` has `date` and
    `step`, `alike` by `date` how many of how many assets stand still."""

    new: list[pl.DataFrame] = field(factory=list)
    steps: list[pl.DataFrame] = field(factory=list)
    alike: list[pl.DataFrame] = field(factory=list)


def check_newest(
    candidate: Candidate, then: pl.DataFrame, crowd: Crowd, rules: GateRules
) -> list[Check]:
    """Jumps of single assets, steps of the whole market, and columns that stand still, on the days
    that are new by the figures of what is published."""
    columns = _columns(candidate, then, rules)
    return [
        _jumps(columns, candidate, crowd, rules),
        _market(columns, rules),
        _frozen(columns, rules),
    ]


def _columns(candidate: Candidate, then: pl.DataFrame, rules: GateRules) -> dict[str, _Column]:
    """Those that are published, by name. Of most rows no more is held than their steps."""
    names = [name for name in candidate.values if name in then.columns]
    through = then.select(pl.col(names).max()).row(0, named=True)
    first = {name: day + timedelta(days=1) for name, day in through.items() if day}
    since = min(first.values(), default=candidate.last_day) - timedelta(days=YEAR)
    year = candidate.rows.filter(pl.col("date") >= since).select(*KEYS, *first)
    found = {name: _Steps() for name in first}
    for part in parts(year, AT_ONCE):
        rows = part.with_columns(pl.col("canonical_id").rle_id().alias(_ASSET))
        for name, day in first.items():
            _add(found[name], name, rows, day, jumps=name in rules.jump)
    return {name: _put_together(name, day, found[name]) for name, day in first.items()}


def _add(found: _Steps, name: str, rows: pl.DataFrame, day: date, *, jumps: bool) -> None:
    """The steps of some assets. `day` is the first new one."""
    known = rows.select(*KEYS, _ASSET, name).drop_nulls(name).with_columns(_before(name))
    steps = known.drop_nulls(f"{name} before")
    found.new.append(steps.filter(pl.col("date") >= day).drop(_ASSET))
    if jumps:
        log = steps.select("date", _log_step(name).alias("step")).drop_nulls("step")
        found.steps.append(log)
    moved = steps.filter(pl.col(name) != 0)
    same = pl.col(name) == pl.col(f"{name} before")
    found.alike.append(
        moved.group_by("date").agg(same.sum().alias("same"), pl.len().alias("assets"))
    )


def _put_together(name: str, day: date, found: _Steps) -> _Column:
    steps = pl.concat(found.steps) if found.steps else _NO_STEPS
    by_day = steps.group_by("date").agg(pl.col("step").median(), pl.len().alias("assets"))
    alike = pl.concat(found.alike).group_by("date").agg(pl.col("same", "assets").sum())
    share = alike.select("date", (pl.col("same") / pl.col("assets")).alias("share"), "assets")
    return _Column(name, day, pl.concat(found.new), by_day.sort("date"), share.sort("date"))


def _before(name: str) -> pl.Expr:
    """Of known values the one before, if that is of the same asset and not too old."""
    recent = pl.col("date").diff() <= pl.duration(days=LOOK_BACK)
    same = pl.col(_ASSET).diff() == 0
    return pl.when(recent & same).then(pl.col(name).shift(1)).alias(f"{name} before")


def _log_step(name: str) -> pl.Expr:
    """The logarithm of the factor; infinite for a value that fell to 0, null for one that rose
    from it, which is how many a series begins."""
    before = pl.col(f"{name} before")
    return pl.when(before > 0).then((pl.col(name) / before).log())


def _jumps(
    columns: Mapping[str, _Column], candidate: Candidate, crowd: Crowd, rules: GateRules
) -> Check:
    broad = False
    told: list[str] = []
    for name in (name for name in rules.jump if name in columns):
        jumps = _jumped(columns[name], rules, candidate)
        ids = jumps["canonical_id"].unique().to_list()
        young = jumps.filter(pl.col("date") > candidate.last_day - timedelta(days=LASTS))[
            "canonical_id"
        ].unique()
        broad |= crowd.many(ids, rules.max_share) or crowd.heavy(young, rules.max_share)
        if ids:
            examples = listed(_examples(jumps, name, columns), jumps.height)
            told.append(f"{name} of {crowd.told(ids)}: {examples}")
    if not told:
        return passed("jumps", "no new value is far from the one before it")
    return finding("jumps", broad, f"no revision and no other provider explains {'; '.join(told)}")


def _jumped(column: _Column, rules: GateRules, candidate: Candidate) -> pl.DataFrame:
    """The new days of a column that are a jump, but for those that another provider saw too."""
    name = column.name
    jumps = column.new.filter(_log_step(name).abs() > math.log(rules.jump[name]))
    opinions = candidate.evidence.opinions
    if opinions is None or name not in opinions.columns:
        return jumps
    other = opinions.select("date", "canonical_id", pl.col(name).alias("other"))
    agrees = (pl.col(name) / pl.col("other")).log().abs() <= -math.log1p(-rules.max_difference)
    both = jumps.join(other, on=["date", "canonical_id"], how="left", maintain_order="left")
    return both.filter(~agrees.fill_null(False))


def _examples(jumps: pl.DataFrame, name: str, columns: Mapping[str, _Column]) -> list[str]:
    """The farthest jumps, with what the asset's other columns did on that day."""
    ranked = jumps.sort(_log_step(name).abs(), descending=True).head(NAMED)
    others = [one for one in ("close", "market_cap", "volume") if one in columns and one != name]
    for other in others:
        ranked = ranked.join(
            columns[other].new, on=["date", "canonical_id"], how="left", maintain_order="left"
        )
    items = []
    for row in ranked.iter_rows(named=True):
        beside = ", ".join(
            f"{other} ×{row[other] / row[f'{other} before']:.3g}"
            for other in others
            if row[other] is not None and row[f"{other} before"]
        )
        items.append(
            f"{row['canonical_id']} on {row['date']} from {amount(row[f'{name} before'])} "
            f"to {amount(row[name])}{f' ({beside})' if beside else ''}"
        )
    return items


def _market(columns: Mapping[str, _Column], rules: GateRules) -> Check:
    """The median asset's step against those of the same day of the week in the past year.

    It is refused only where most assets jumped: a crash of the whole market is news.
    """
    told, refused = [], False
    for name in (name for name in rules.jump if name in columns):
        enough = (
            columns[name]
            .medians.filter(pl.col("assets") >= FEWEST_ASSETS)
            .select("date", "step", pl.col("date").dt.weekday().alias("weekday"))
        )
        new = pl.col("date") >= columns[name].first
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


def _frozen(columns: Mapping[str, _Column], rules: GateRules) -> Check:
    told = []
    for name, column in columns.items():
        shares = column.still.filter(pl.col("assets") >= FEWEST_ASSETS)
        new = pl.col("date") >= column.first
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
