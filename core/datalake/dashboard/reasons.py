"""Why values are missing, as far as the report of the run that published the file says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from .columns import Column


@frozen
class Reasons:
    """What was wrong with series, by provider, dataset and asset; and with providers as a whole."""

    series: Mapping[tuple[str, str, str], str]
    providers: Mapping[str, str]

    def why(self, asset: str, column: Column) -> str | None:
        """Why an asset has no value of a column, or none of its last days."""
        for provider, dataset in column.feeds:
            found = self.series.get((provider, dataset, asset)) or self.providers.get(provider)
            if found:
                return found
        return None


def reasons(report: Mapping[str, Any] | None) -> Reasons:
    """Those that a report knows; none without one."""
    if report is None:
        return Reasons({}, {})
    series = {
        (provider, one["dataset"], one["asset"]): one[told]
        for provider, section in report["providers"].items()
        for told, some in (("reason", "uncovered"), ("error", "failed"))
        for one in section.get(some, ())
    }
    skipped: Sequence[Mapping[str, str]] = report["skipped"]
    return Reasons(series, {one["provider"]: one["reason"] for one in skipped})
