"""What happens in a run, a log line for each thing worth one; figures are fields of the line."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from .reporting.report import Report
from .tally import Tally
from .universe.listing import Listing

log = logging.getLogger(__name__)


def begun(as_of: datetime, cache: str, output: str) -> None:
    """The run knows what it is to do."""
    log.info("run begins", extra={"as_of": as_of.isoformat(), "cache": cache, "output": output})


def listed(listing: Listing) -> None:
    """The universe is known."""
    universe = listing.universe
    figures = {"assets": len(universe.assets), "listed_at": universe.as_of.isoformat()}
    log.info("universe known", extra=figures)


def fetched(tallies: Mapping[str, Tally]) -> None:
    """All series that can be had are there."""
    for name, tally in tallies.items():
        figures = {
            "provider": name,
            "calls": tally.client.stats.calls,
            "cache_hits": tally.cache_hits,
            "series": tally.series,
            "rows": tally.rows,
            "failed": len(tally.failed),
            "revisions": tally.revisions,
        }
        log.info("provider done", extra=figures)


def known(run_id: str) -> None:
    """The rows are those that are published, of an earlier run."""
    log.info("rows known", extra={"made_by": run_id})


def ended(report: Report) -> None:
    """The run is over, published or not."""
    output = report.output
    figures = {
        "status": report.status,
        "exit_code": report.exit_code,
        "version": output.get("version"),
        "rows": output.get("rows"),
        "sha256": output.get("sha256"),
    }
    log.info("run ends", extra=figures)
