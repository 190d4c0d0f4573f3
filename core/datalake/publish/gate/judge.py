"""The gate: a candidate must not be worse than the file that it would replace."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from attrs import evolve

from ...rules import GateRules
from ..candidate import Candidate, Check
from ..published import Content, Damaged, Published
from .breadth import NAMED, Crowd, crowd, finding, listed, passed
from .figures import ROWS, assets_of, figures, first_day, total
from .fresh import check_freshness
from .newest import check_newest
from .opinion import check_opinions
from .past import check_past


def check_gate(
    candidate: Candidate,
    before: Published | Damaged | None,
    rules: GateRules,
    force: str | None = None,
) -> tuple[Check, ...]:
    """Compare a candidate that keeps the contract with what is published, and with its evidence.

    What is published of a day that was open then is no past: whatever takes its place is new.
    `force` is the reason why a candidate that the gate refuses is published all the same.
    """
    first: tuple[Check, ...] = ()
    content = before.content if isinstance(before, Published) else None
    if isinstance(before, Damaged):
        earlier = before.earlier
        content = earlier.content if earlier else None
        instead = f"the version as of {earlier.as_of:%Y-%m-%d %H:%M}Z" if earlier else "nothing"
        detail = f"damaged, so there is {instead} to compare with: {before.reason}"
        first = (Check("published file", False, "warning", detail),)
    elif content is None:
        detail = "there is none yet, so there is nothing to compare with"
        first = (Check("published file", True, "ok", detail),)
    checks = _judged(candidate, content, rules)
    return (*first, *(_forced(check, force) for check in checks))


def _judged(candidate: Candidate, before: Content | None, rules: GateRules) -> list[Check]:
    closed = candidate.closed
    now = figures(closed.rows)
    if before is None:
        market = crowd(candidate.rows)
        return [
            *check_freshness(closed, now, None, market, rules),
            *check_opinions(candidate, market, rules),
        ]
    before = before.closed
    market = crowd(before.rows)
    then = figures(before.rows, since=first_day(now))  # those before are none of the candidate's
    names = [name for name in closed.values if name in before.values]
    return [
        *_losses(now, then, before.values, rules.min_ratio),
        _histories(now, then, names, market, rules),
        *check_freshness(closed, now, then, market, rules),
        *check_past(closed, before, market, rules),
        *check_newest(candidate, then, market, rules),
        *check_opinions(candidate, market, rules),
    ]


def _losses(
    now: pl.DataFrame, then: pl.DataFrame, columns: Sequence[str], least: float
) -> list[Check]:
    here, there = assets_of(now), assets_of(then)
    gone = sorted(there - here)
    missing = f"; gone are {listed(gone)}" if gone else ""
    return [
        _kept("assets", "assets", len(here), len(there), least, missing),
        _kept("rows", "rows", total(now, ROWS), total(then, ROWS), least),
        *(_values(name, now, total(then, f"{name} known"), least) for name in columns),
    ]


def _values(name: str, now: pl.DataFrame, count: int, least: float) -> Check:
    title, known = f"values of {name}", f"{name} known"
    if known in now.columns or not count:
        left = total(now, known) if known in now.columns else 0
        return _kept(title, "known values", left, count, least)
    detail = f"the published file has {count:,} and the candidate no such column"
    return Check(title, False, "refused", detail)


def _histories(
    now: pl.DataFrame, then: pl.DataFrame, names: Sequence[str], market: Crowd, rules: GateRules
) -> Check:
    """Whether each asset still has what is published of it: what the largest lose is lost in the
    counts of all. An asset that has no rows any more has lost everything."""
    both = _counts(then, names, "since").join(
        _counts(now, names, "known"), on=["canonical_id", "column"], how="left", suffix=" now"
    )
    short = (
        both.with_columns(pl.col("known now").fill_null(0))
        .filter(pl.col("known now") < rules.min_ratio * pl.col("known"))
        .with_columns((pl.col("known") - pl.col("known now")).alias("lost"))
        .sort("lost", "canonical_id", "column", descending=[True, False, False])
    )
    if not short.height:
        return passed("history", "no asset has lost what is published of it")
    ids = short["canonical_id"].unique().to_list()
    items = [
        f"{row['canonical_id']} {row['column']} has {row['known now']:,} values, "
        f"{row['known']:,} are published"
        for row in short.head(NAMED).iter_rows(named=True)
    ]
    broad = market.many(ids, rules.max_share) or market.heavy(ids, rules.max_share)
    told = f"{market.told(ids)} lost values: {listed(items, short.height)}"
    return finding("history", broad, told)


def _counts(figures: pl.DataFrame, names: Sequence[str], which: str) -> pl.DataFrame:
    """By `canonical_id` and `column` how many values are `known`, of all days or since one."""
    counts = figures.select(
        "canonical_id", *(pl.col(f"{name} {which}").alias(name) for name in names)
    )
    counts = counts.with_columns(pl.col(names).cast(pl.Int64))
    return counts.unpivot(names, index="canonical_id", variable_name="column", value_name="known")


def _kept(name: str, what: str, now: int, then: int, least: float, note: str = "") -> Check:
    share = now / then if then else 1.0
    detail = f"{now:,} {what}, {then:,} are published"
    if share >= least:
        return Check(name, True, "ok", detail)
    detail += f": {share:.1%} is less than the {least:.0%} that must remain{note}"
    return Check(name, False, "refused", detail)


def _forced(check: Check, reason: str | None) -> Check:
    if reason is None or check.level != "refused":
        return check
    return evolve(check, level="warning", detail=f"{check.detail}; published anyway: {reason}")
