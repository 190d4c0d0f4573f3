"""What whoever is on call does next, in words: read from a run's report alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from textwrap import shorten
from typing import Any

from ..fetching.health import GIVEN_UP

_UNKNOWN: Mapping[str, str] = {}


def provider_state(name: str, report: Mapping[str, Any]) -> str:
    """`ok`, or in two words what is the matter with a provider."""
    one = report["providers"][name]
    failed = len(one.get("failed", ()))
    if failed and not one.get("series"):
        return "FAILED"
    behind = days_behind(name, report)
    if behind:
        return f"STALE {behind} d"
    return f"{failed} failed" if failed else "ok"


def provider_through(name: str, report: Mapping[str, Any]) -> str | None:
    """Through which day most of what a provider brings is known; of its columns the latest."""
    days = [one["through"] for one in _columns(name, report) if one["through"]]
    return max(days, default=None)


def days_behind(name: str, report: Mapping[str, Any]) -> int:
    """How many days a provider's columns are behind what they could be; of them the worst."""
    return max((column_behind(one) for one in _columns(name, report)), default=0)


def column_behind(one: Mapping[str, Any]) -> int:
    """How many days a column is behind the day that its source has settled."""
    if not (one["through"] and one["expected"]):
        return 0
    return max(0, (date.fromisoformat(one["expected"]) - date.fromisoformat(one["through"])).days)


def _columns(name: str, report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = (report.get("freshness") or {}).values()
    return [one for one in found if one["source"].startswith(f"{name}.")]


def seconds(report: Mapping[str, Any]) -> float:
    """How long the run took."""
    began, end = (
        datetime.fromisoformat(report[name].replace("Z", "+00:00"))
        for name in ("started_at", "finished_at")
    )
    return (end - began).total_seconds()


def next_steps(report: Mapping[str, Any], since: Mapping[str, str] = _UNKNOWN) -> list[str]:
    """What to look at, the most pressing first; empty where all is well. `since` is when providers
    began to fail."""
    return [*_of_the_end(report), *_of_providers(report, since)]


def _of_the_end(report: Mapping[str, Any]) -> list[str]:
    output = report.get("output") or {}
    if report["status"] == "refused" and output:
        force = "; if the values are right, publish with --force-publish REASON"
        kept = output.get("candidate") or "a candidate"
        return [
            f"the gate kept {kept} back: look at the checks that refused (datalake runs show last)"
            f"{force if output.get('forcible') else ''}"
        ]
    if report["status"] == "refused":
        return ["--strict allows no gap: run again when the providers answer, or without it"]
    if report["status"] == "unfinished":
        return ["run again: what was fetched is kept, and the rest is asked for"]
    if report["status"] == "failed":
        return ["nothing could be made: see the causes above, and datalake doctor"]
    return []


def _of_providers(report: Mapping[str, Any], since: Mapping[str, str]) -> list[str]:
    steps = []
    for name, one in report["providers"].items():
        failed = one.get("failed", ())
        if not failed:
            continue
        first = failed[0]
        behind = days_behind(name, report)
        late = f"{name} is {behind} day{'s' if behind > 1 else ''} behind" if behind else name
        late += f" since {since[name][:16]}Z" if name in since else ""
        cause = shorten(first["error"].removeprefix(GIVEN_UP), 120, placeholder=" …")
        steps.append(
            f"{late}: {len(failed):,} series failed, the first with: {cause}; look at datalake"
            f" cache why {first['asset']} {name}.{first['dataset']}, then run again"
        )
    return steps
