"""The gate's look at closed days: what was published of them may change only for a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from ...names import KEYS
from ...rules import GateRules
from ..candidate import Candidate, Check
from ..evidence import Revision
from ..published import Content
from ..rows import side_by_side
from .breadth import NAMED, Crowd, amount, finding, listed, passed

NAME = "past values"
_NONE = pl.DataFrame(
    schema={
        "column": pl.String,
        "date": pl.Date,
        "canonical_id": pl.String,
        "was": pl.Float64,
        "now": pl.Float64,
    }
)


def check_past(
    candidate: Candidate, before: Content, crowd: Crowd, rules: GateRules
) -> list[Check]:
    """Closed values that are not what was published, by the reason that they have.

    What nothing explains is refused where it is more than an asset or a small one. What a vendor
    revised is expected in the days that it may still settle; beyond those, or by as much as a
    jump, it is told, and refused where it is broad. A mapping that was edited explains all but
    what is both: no edit multiplies the market.
    """
    changes = _changes(candidate, before, rules)
    if not changes.height:
        return [passed(NAME, "closed days say what was published")]
    if candidate.mapping_sha256 != before.mapping_sha256:
        detail = f"the mapping was edited, and with it changed {_told(changes, crowd)}"
        return [finding(NAME, _broad(_ids(_large(changes, rules)), crowd, rules), detail)]
    known = candidate.evidence.revisions(before.learnt_through, before.last_day)
    revised = _revised(changes, known)
    unexplained = changes.join(revised, on=["column", *KEYS], how="anti")
    checks = []
    if unexplained.height:
        ids = _ids(unexplained)
        broad = crowd.many(ids, rules.max_unexplained, few=2) or crowd.heavy(ids, rules.max_share)
        why = f"no vendor, mapping or universe explains why {_told(unexplained, crowd)}"
        checks.append(finding(NAME, broad, f"{why}{_shift(candidate, before, unexplained)}"))
    if revised.height:
        checks.append(_judged(revised, before, crowd, rules))
    return checks


def _judged(revised: pl.DataFrame, before: Content, crowd: Crowd, rules: GateRules) -> Check:
    settled = before.last_day - timedelta(days=rules.settled_days)
    old = revised.filter(pl.col("date") <= settled)
    large = _large(revised, rules)
    told = f"vendors revised {_told(revised, crowd)}"
    if not old.height and not large.height:
        return passed("revisions", told)
    broad = crowd.many(_ids(old), rules.max_share) or _broad(_ids(large), crowd, rules)
    return finding("revisions", broad, told)


def _large(changes: pl.DataFrame, rules: GateRules) -> pl.DataFrame:
    """Those of the changes that are as large as a jump."""
    return changes.filter(
        _factor() > pl.col("column").replace_strict(rules.jump, default=float("inf"))
    )


def _broad(ids: list[str], crowd: Crowd, rules: GateRules) -> bool:
    return crowd.many(ids, rules.max_share) or crowd.heavy(ids, rules.max_share)


def _changes(candidate: Candidate, before: Content, rules: GateRules) -> pl.DataFrame:
    """`column`, `date`, `canonical_id`, `was` and `now` of values that are known in both."""
    columns = [name for name in candidate.values if name in before.values]
    found = [_NONE]
    for then, now in side_by_side(before.rows, candidate.rows):
        known = _of_those_days(now, then)
        if known.select(*KEYS, *columns).equals(then.select(*KEYS, *columns)):
            continue
        both = _both(then, known)
        apart = (
            _apart(pl.col(name), pl.col(f"{name} now"), rules.tolerance).alias(name)
            for name in columns
        )
        changed = both.select(apart)
        found += [
            both.filter(changed[name]).select(
                pl.lit(name).alias("column"),
                *KEYS,
                pl.col(name).alias("was"),
                pl.col(f"{name} now").alias("now"),
            )
            for name in columns
            if changed[name].any()
        ]
    return pl.concat(found)


def _of_those_days(now: pl.DataFrame, then: pl.DataFrame) -> pl.DataFrame:
    """Without the days that came since."""
    return now.filter(pl.col("date") <= pl.lit(then["date"].max(), pl.Date))


def _both(then: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """The rows that are in both, the values of `now` marked so; quickly where only days came."""
    values = [name for name in now.columns if name not in KEYS]
    known = _of_those_days(now, then)
    if known.select(KEYS).equals(then.select(KEYS)):
        named = known.select(pl.col(values).name.suffix(" now"))
        return pl.concat([then, named], how="horizontal")
    return then.join(now.rename({name: f"{name} now" for name in values}), on=list(KEYS))


def _apart(one: pl.Expr, other: pl.Expr, tolerance: float) -> pl.Expr:
    return (one - other).abs() > tolerance * pl.max_horizontal(one.abs(), other.abs())


def _revised(changes: pl.DataFrame, revisions: Sequence[Revision]) -> pl.DataFrame:
    """Those of the changes that lie in days that a vendor told anew."""
    spans = pl.DataFrame(
        [
            (column, one.canonical_id, one.first, one.last)
            for one in revisions
            for column in one.columns
        ],
        schema={
            "column": pl.String,
            "canonical_id": pl.String,
            "first": pl.Date,
            "last": pl.Date,
        },
        orient="row",
    )
    return (
        changes.join(spans, on=["column", "canonical_id"])
        .filter(pl.col("date").is_between("first", "last"))
        .drop("first", "last")
        .unique(["column", *KEYS], maintain_order=True)
    )


def _factor() -> pl.Expr:
    """By how much a value was multiplied or divided."""
    high = pl.max_horizontal(pl.col("was").abs(), pl.col("now").abs())
    low = pl.min_horizontal(pl.col("was").abs(), pl.col("now").abs())
    return high / low


def _ids(changes: pl.DataFrame) -> list[str]:
    return changes["canonical_id"].unique().to_list()


def _told(changes: pl.DataFrame, crowd: Crowd) -> str:
    """How much changed, and by asset and column the largest change."""
    worst = (
        changes.sort(_factor(), descending=True, nulls_last=True)
        .group_by("canonical_id", "column", maintain_order=True)
        .agg(pl.len().alias("days"), pl.col("date", "was", "now").first())
    )
    items = [
        f"{row['canonical_id']} {row['column']} on {row['days']:,} days, such as {row['date']}: "
        f"{amount(row['was'])} was published, now {amount(row['now'])}"
        for row in worst.head(NAMED).iter_rows(named=True)
    ]
    told = f"{changes.height:,} values of {crowd.told(_ids(changes))}"
    return f"{told}: {listed(items, worst.height)}"


def _shift(candidate: Candidate, before: Content, changes: pl.DataFrame) -> str:
    """A hint where the changed values are the published ones of a neighbouring day."""
    names = changes["column"].unique().sort().to_list()
    for days, where in ((1, "the day before"), (-1, "the day after")):
        moved = candidate.rows.with_columns(pl.col("date") + pl.duration(days=-days))
        held, same = 0, dict.fromkeys(names, 0)
        for there, here in side_by_side(before.rows, moved):
            both = _both(there, here)
            held += both.height
            for name in names:
                same[name] += (both[name] == both[f"{name} now"]).sum()
        for name in names:
            part = changes.filter(pl.col("column") == name)
            if same[name] > max(part.height, held // 2):
                return f"; {name} looks as if each day had the value of {where}"
    return ""
