"""A run on one page, whatever it is printed as: how it ended, what next, and the figures."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal

from attrs import frozen

from ..models import Quota
from ..running.reporting.advice import (
    column_behind,
    next_steps,
    provider_state,
    provider_through,
    seconds,
)
from .numbers import behind
from .summary import clock, notes

#: Said on every form of what is not the real market.
SYNTHETIC = "SYNTHETIC: simulated or replayed, not the real market"
NOTHING = "nothing: all is well"
_SAYS = {
    "published": "Published",
    "degraded": "Published, but not whole",
    "refused": "Not published: refused",
    "unfinished": "Not published: unfinished",
    "failed": "Not published: failed",
}


@frozen
class Table:
    """Rows of texts under headings; those columns that hold figures are set to the right."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    figures: Collection[int] = ()


@frozen
class Page:
    """The page: `mood` is good where nothing is to be done, `told` are sentences about the end,
    `steps` what to do, `notes` what failed or was warned of."""

    title: str
    mood: Literal["good", "warning", "bad"]
    synthetic: bool
    told: Sequence[str]
    steps: Sequence[str]
    notes: Sequence[str]
    tables: Sequence[Table]


def page_of(report: Mapping[str, Any], quotas: Mapping[str, Quota | None]) -> Page:
    """The page of a report; `quotas` are those of the providers' plans."""
    status, published = report["status"], bool((report["output"] or {}).get("published"))
    steps = next_steps(report)
    mood: Literal["good", "warning", "bad"] = "warning" if steps else "good"
    return Page(
        title=_SAYS.get(status, status.capitalize()),
        mood=mood if published else "bad",
        synthetic=report["synthetic"],
        told=list(_told(report)),
        steps=steps,
        notes=notes(report),
        tables=[one for one in (_columns(report), _providers(report, quotas)) if one.rows],
    )


def _told(report: Mapping[str, Any]) -> Iterator[str]:
    output, as_of = report["output"] or {}, f"{report['as_of'][:16].replace('T', ' ')} UTC"
    if report["message"] != report["status"]:
        yield f"{report['message'][:1].upper()}{report['message'][1:]}."
    if output.get("published"):
        what = f"{output['rows']:,} rows of {output['assets']:,} assets as of {as_of}"
        new = output.get("new", True)
        yield f"{what} are published." if new else f"{what} were published before: nothing new."
    else:
        yield f"The run was as of {as_of}. What was published before stands."
    today = (report.get("open_day") or {}).get("day")
    if today:
        yield f"{today} is in it, still open."
    checks = (report["gate"] or {}).get("checks", ())
    if checks:
        yield f"{sum(one['passed'] for one in checks)} of {len(checks)} checks of the gate passed."
    yield f"Run {report['run_id']} took {clock(seconds(report))}."


def _columns(report: Mapping[str, Any]) -> Table:
    rows = []
    for name, one in (report.get("freshness") or {}).items():
        late = behind(column_behind(one), one["behind"])
        source = one["source"].partition(",")[0]
        rows.append([name, one["through"] or "—", late, f"{one['assets']:,}", source])
    return Table("Columns", ["column", "through", "behind", "assets", "source"], rows, {3})


def _providers(report: Mapping[str, Any], quotas: Mapping[str, Quota | None]) -> Table:
    headings = ["provider", "state", "through", "calls", "of its quota", "cached", "waited"]
    rows = [
        [
            name,
            provider_state(name, report) if "series" in one else "lists only",
            provider_through(name, report) or "—",
            f"{one['calls']:,}",
            _share(one["calls"], quotas.get(name)),
            f"{one.get('cache_hits', 0):,}",
            clock(one["throttled_seconds"]),
        ]
        for name, one in report["providers"].items()
    ]
    rows += [[one["provider"], "skipped", *["—"] * 5] for one in report["skipped"]]
    return Table("Providers", headings, rows, {3, 4, 5, 6})


def _share(calls: int, quota: Quota | None) -> str:
    """Of what the plan gives in a month or a day."""
    if quota is None or not quota.limit:
        return "—"
    share = calls / quota.limit
    told = "<0.1%" if 0 < share < 0.0005 else f"{share:.1%}"
    return f"{told} a {quota.per}"
