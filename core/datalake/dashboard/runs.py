"""What runs did, condensed from the reports that they left in the lake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from ..errors import ConfigError
from ..running.reporting import kept
from ..running.reporting.advice import days_behind, next_steps, provider_through, seconds
from ..running.reporting.causes import causes
from ..stores import Store

FORMAT = 1
#: Runs that are shown, causes of one provider, and assets of one cause.
MOST, CAUSES, NAMED = 60, 5, 5
_COUNTS = ("calls", "bytes", "cache_hits", "series", "rows", "retries", "revisions")


def reports(store: Store) -> list[Mapping[str, Any]]:
    """Those of the newest runs that can be read, the newest first. Raises StoreError."""
    return list(islice(_readable(store, kept.runs(store)), MOST))


def _readable(store: Store, runs: Iterable[kept.Kept]) -> Iterator[Mapping[str, Any]]:
    for one in runs:
        try:
            yield kept.read(store, one.run_id)
        except ConfigError:
            continue


def condensed(found: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The document of the runs."""
    return {"format": FORMAT, "runs": [_run(report) for report in found]}


def ended(report: Mapping[str, Any]) -> dict[str, Any]:
    """How a run ended, in short."""
    return {name: report[name] for name in ("run_id", "status", "message", "finished_at")}


def _run(report: Mapping[str, Any]) -> dict[str, Any]:
    output = report["output"]
    kept_of_it = ("published", "new", "version", "sequence", "rows", "assets")
    return {
        **ended(report),
        "as_of": report["as_of"],
        "started_at": report["started_at"],
        "seconds": round(seconds(report), 1),
        "exit_code": report.get("exit_code"),
        "synthetic": report["synthetic"],
        "assets": len(report["universe"].get("assets", ())),
        "providers": {
            name: _provider(name, one, report) for name, one in report["providers"].items()
        },
        "skipped": [
            {"provider": one["provider"], "reason": one["reason"]} for one in report["skipped"]
        ],
        "gate": _gate(report["gate"].get("checks", ())),
        "output": {name: output.get(name) for name in kept_of_it} if output else None,
        "next": next_steps(report),
    }


def _provider(name: str, one: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    failed = one.get("failed", ())
    return {
        "plan": one["plan"],
        **{count: one.get(count) for count in _COUNTS},
        "throttled_seconds": one["throttled_seconds"],
        "failed": len(failed),
        "uncovered": len(one.get("uncovered", ())),
        "through": provider_through(name, report),
        "behind": days_behind(name, report),
        "failures": [
            {
                "dataset": cause.dataset,
                "error": cause.error,
                "assets": cause.assets[:NAMED],
                "count": len(cause.assets),
                "stale_through": cause.stale_through,
            }
            for cause in causes(failed)[:CAUSES]
        ],
    }


def _gate(checks: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """How many checks there were and how many passed; those that have something to say."""
    checks = list(checks)
    if not checks:
        return None
    told = [
        {name: one[name] for name in ("name", "level", "detail")}
        for one in checks
        if one["level"] != "ok"
    ]
    return {
        "checks": len(checks),
        "passed": sum(one["passed"] for one in checks),
        "told": told,
    }
