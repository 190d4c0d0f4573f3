"""The gate: a candidate must not hold much less than the file that it would replace."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from .candidate import Check, GateRules
from .layout import instant
from .published import Content, Damaged, Published

_NAMED = 5


def check_gate(
    content: Content,
    as_of: datetime,
    before: Published | Damaged | None,
    rules: GateRules,
    force: str | None = None,
) -> tuple[Check, ...]:
    """Compare a candidate with what is published.

    `force` is the reason why a candidate that lost something is published all the same. It does
    not move the fence: what is newer is never replaced by what is older.
    """
    if isinstance(before, Damaged):
        detail = f"damaged, so there is nothing to compare with: {before.reason}"
        return (Check("published file", False, "warning", detail),)
    if before is None or before.content is None:
        detail = "there is none yet, so there is nothing to compare with"
        return (Check("published file", True, "ok", detail),)
    losses = _losses(content, before.content, rules.min_ratio)
    return (_fence(as_of, before.as_of), *(_forced(check, force) for check in losses))


def _fence(as_of: datetime, before: datetime) -> Check:
    if as_of >= before:
        detail = f"as of {instant(as_of)}, not older than what is published ({instant(before)})"
        return Check("fence", True, "ok", detail)
    detail = (
        f"as of {instant(as_of)}, but what is published is newer, as of {instant(before)}; "
        "to go back in time, publish elsewhere or remove the newer files first"
    )
    return Check("fence", False, "refused", detail)


def _losses(now: Content, then: Content, least: float) -> list[Check]:
    gone = sorted(then.assets - now.assets)
    missing = f"; gone are {', '.join(gone[:_NAMED])}" if gone else ""
    missing += f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else ""
    return [
        _kept("assets", "assets", len(now.assets), len(then.assets), least, missing),
        _kept("rows", "rows", now.rows, then.rows, least),
        *(
            _kept(f"values of {column}", "known values", now.known.get(column, 0), count, least)
            if column in now.known or not count
            else Check(
                f"values of {column}",
                False,
                "refused",
                f"the published file has {count:,} and the candidate no such column",
            )
            for column, count in then.known.items()
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
