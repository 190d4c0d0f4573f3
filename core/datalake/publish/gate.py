"""The gate: a candidate must not be worse than the file that it would replace."""

from __future__ import annotations

from datetime import date

import polars as pl
from attrs import evolve

from ..rules import GateRules
from .breadth import NAMED, Crowd, crowd, finding, listed, passed
from .candidate import Candidate, Check
from .fresh import check_freshness
from .newest import check_newest
from .opinion import check_opinions
from .past import check_past
from .published import Content, Damaged, Published
from .rows import collected, height, ids_of


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
    if before is None:
        market = crowd(candidate.rows)
        return [
            *check_freshness(closed, None, market, rules),
            *check_opinions(candidate, market, rules),
        ]
    before = before.closed
    market = crowd(before.rows)
    return [
        *_losses(closed, before, rules.min_ratio),
        _histories(closed, before, market, rules),
        *check_freshness(closed, before, market, rules),
        *check_past(closed, before, market, rules),
        *check_newest(candidate, before, market, rules),
        *check_opinions(candidate, market, rules),
    ]


def _losses(candidate: Candidate, before: Content, least: float) -> list[Check]:
    now, then = ids_of(candidate.rows), ids_of(before.rows)
    gone = sorted(then - now)
    missing = f"; gone are {listed(gone)}" if gone else ""
    known, published = (
        collected(rows.select(pl.exclude("date", "canonical_id").count())).row(0, named=True)
        for rows in (candidate.rows, before.rows)
    )
    return [
        _kept("assets", "assets", len(now), len(then), least, missing),
        _kept("rows", "rows", height(candidate.rows), height(before.rows), least),
        *(
            _kept(f"values of {column}", "known values", known.get(column, 0), count, least)
            if column in known or not count
            else Check(
                f"values of {column}",
                False,
                "refused",
                f"the published file has {count:,} and the candidate no such column",
            )
            for column, count in published.items()
        ),
    ]


def _histories(candidate: Candidate, before: Content, market: Crowd, rules: GateRules) -> Check:
    """Whether each asset still has what is published of it: what the largest lose is lost in the
    counts of all. An asset that has no rows any more has lost everything; days before the
    candidate's first are none of its own."""
    names = [name for name in candidate.values if name in before.values]
    first: date = collected(candidate.rows.select(pl.col("date").min())).item()
    then = before.rows.filter(pl.col("date") >= first)
    both = _known(then, names).join(
        _known(candidate.rows, names), on=["canonical_id", "column"], how="left", suffix=" now"
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


def _known(rows: pl.LazyFrame, names: list[str]) -> pl.DataFrame:
    """By `canonical_id` and `column` how many values are `known`."""
    counts = collected(rows.group_by("canonical_id").agg(pl.col(names).count()))
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
