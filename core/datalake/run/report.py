"""The run report: what a run did, as JSON; no secrets, one page to understand a run by."""

from __future__ import annotations

import json
import platform
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any

from attrs import asdict, field, frozen

from .._version import __version__
from ..exits import Exit
from ..publish import Outcome
from .options import Options
from .sources import Skipped, Source
from .tally import Tally
from .universe import Universe

#: The word for each way a run can end.
STATUS = {
    Exit.PUBLISHED: "published",
    Exit.DEGRADED: "degraded",
    Exit.REFUSED: "refused",
    Exit.FAILED: "failed",
    Exit.USAGE: "failed",
    Exit.ERROR: "failed",
    Exit.INTERRUPTED: "interrupted",
    Exit.TERMINATED: "terminated",
}


@frozen(kw_only=True)
class Report:
    """What a run did. Times are ISO 8601 in UTC, days are ISO dates, figures are counts.

    `providers.NAME.calls` counts requests that went to the provider's hosts: universe, lists and
    retries included. `failed` are series that are missing or stale; `uncovered` are assets that a
    provider does not have, which is normal.
    """

    run_id: str
    started_at: str
    finished_at: str
    as_of: str
    status: str
    exit_code: int
    message: str
    synthetic: bool
    versions: Mapping[str, str]
    settings: Mapping[str, Any]
    universe: Mapping[str, Any] = field(factory=dict)
    providers: Mapping[str, Any] = field(factory=dict)
    skipped: Sequence[Mapping[str, str]] = ()
    mapping: Mapping[str, Any] = field(factory=dict)
    gate: Mapping[str, Any] = field(factory=dict)
    output: Mapping[str, Any] = field(factory=dict)

    def json(self) -> str:
        """The report as indented JSON, with a newline at its end."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False, default=str) + "\n"


def new_run_id(started: datetime) -> str:
    """A name for the run that sorts by time."""
    return f"{started:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"


def versions() -> dict[str, str]:
    """What the run was made with."""
    packages = ("pyarrow", "polars", "requests", "requests-cache")
    return {
        "datalake": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }


def settings(options: Options) -> dict[str, Any]:
    """The options of the run as plain values; keys are no options and cannot be among them."""
    return {name: value for name, value in asdict(options).items() if value not in (None, (), {})}


def universe_section(universe: Universe, archived: str | None) -> dict[str, Any]:
    """`assets` lists canonical ids by rank; `archived_at` is set where an old list stands in."""
    section = {"size": len(universe.assets), "assets": [asset.id for asset in universe.assets]}
    return {**section, "archived_at": archived} if archived else section


def provider_section(source: Source, tally: Tally | None) -> dict[str, Any]:
    """One provider's figures."""
    stats = source.client.stats
    section: dict[str, Any] = {
        "plan": source.plan.name,
        "calls": stats.calls,
        "retries": stats.retries,
        "throttled_seconds": round(stats.throttled_seconds, 3),
    }
    if tally is None:
        return section
    return section | {
        "cache_hits": tally.cache_hits,
        "series": tally.series,
        "rows": tally.rows,
        "revisions": tally.revisions,
        "rejected": tally.rejected,
        "failed": [asdict(one) for one in sorted(tally.failed, key=lambda f: (f.dataset, f.asset))],
        "uncovered": [
            asdict(one) for one in sorted(tally.uncovered, key=lambda u: (u.dataset, u.asset))
        ],
    }


def skipped_section(skipped: Sequence[Skipped]) -> list[dict[str, str]]:
    """Providers that did not take part."""
    return [asdict(one) for one in skipped]


def gate_section(outcome: Outcome) -> dict[str, Any]:
    """Every check that the candidate had to pass."""
    return {"checks": [asdict(check) for check in outcome.checks]}


def output_section(outcome: Outcome) -> dict[str, Any]:
    """What was published, or where the candidate was kept."""
    return {
        "published": outcome.published,
        "path": str(outcome.path),
        "candidate": str(outcome.candidate_path) if outcome.candidate_path else None,
        "rows": outcome.rows,
        "assets": outcome.assets,
        "sha256": outcome.sha256,
    }


def mapping_section(mapping: CanonicalMapping, folded: Folded | None, made_of: Universe | None) -> dict[str, Any]:
    """What the fold did: `folded` members by canonical id, `depegged` members and their days."""
    return {}
