"""The gate: a candidate must not be worse than the file that it would replace."""

from __future__ import annotations

import polars as pl
from attrs import evolve

from ..rules import GateRules
from .breadth import crowd, listed
from .candidate import Candidate, Check
from .fresh import check_freshness
from .newest import check_newest
from .opinion import check_opinions
from .past import check_past
from .published import Content, Damaged, Published


def check_gate(
    candidate: Candidate,
    before: Published | Damaged | None,
    rules: GateRules,
    force: str | None = None,
) -> tuple[Check, ...]:
    """Compare a candidate that keeps the contract with what is published, and with its evidence.

    `force` is the reason why a candidate that the gate refuses is published all the same.
    """
    first: tuple[Check, ...] = ()
    content = before.content if isinstance(before, Published) else None
    if isinstance(before, Damaged):
        detail = f"damaged, so there is nothing to compare with: {before.reason}"
        first = (Check("published file", False, "warning", detail),)
    elif content is None:
        detail = "there is none yet, so there is nothing to compare with"
        first = (Check("published file", True, "ok", detail),)
    checks = _judged(candidate, content, rules)
    return (*first, *(_forced(check, force) for check in checks))


def _judged(candidate: Candidate, before: Content | None, rules: GateRules) -> list[Check]:
    if before is None:
        market = crowd(candidate.rows)
        return [
            *check_freshness(candidate, None, market, rules),
            *check_opinions(candidate, market, rules),
        ]
    market = crowd(before.rows)
    return [
        *_losses(candidate, before, rules.min_ratio),
        *check_freshness(candidate, before, market, rules),
        *check_past(candidate, before, market, rules),
        *check_newest(candidate, before, market, rules),
        *check_opinions(candidate, market, rules),
    ]


def _losses(candidate: Candidate, before: Content, least: float) -> list[Check]:
    now, then = (set(rows["canonical_id"].unique()) for rows in (candidate.rows, before.rows))
    gone = sorted(then - now)
    missing = f"; gone are {listed(gone)}" if gone else ""
    known = candidate.rows.select(pl.exclude("date", "canonical_id").count()).row(0, named=True)
    published = before.rows.select(pl.exclude("date", "canonical_id").count()).row(0, named=True)
    return [
        _kept("assets", "assets", len(now), len(then), least, missing),
        _kept("rows", "rows", candidate.rows.height, before.rows.height, least),
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
