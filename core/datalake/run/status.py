"""How things stand, for whoever is on call: the last run, what is known through when, what next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from itertools import islice
from typing import Any

from attrs import frozen

from ..errors import ConfigError, StoreError
from ..lake.verifying import dataset_of
from ..models import DAY
from ..plugins import Registry
from ..publish import Place
from ..publish.history import read_history
from ..publish.lease import look
from ..stores import Store
from . import kept
from .advice import column_behind, next_steps

#: So many runs are looked through for the beginning of a trouble.
LOOKED_BACK = 50


@frozen
class ColumnStatus:
    """Through which day most assets are known, and through which they could be by now."""

    column: str
    source: str
    through: str | None
    expected: str | None
    days_behind: int


@frozen
class ProviderStatus:
    """`days_behind` is that of its worst column; `failing_since` is the beginning of the first of
    the runs in a row in which some of its series failed."""

    provider: str
    through: str | None
    days_behind: int
    failed: int
    failing_since: str | None


@frozen
class Published:
    """What readers see at an output; `held_by` is the run that is at work on it just now."""

    path: str
    version: str | None = None
    sequence: int | None = None
    as_of: str | None = None
    published_at: str | None = None
    run_id: str | None = None
    held_by: str | None = None
    trouble: str | None = None


@frozen
class Status:
    """All of it; `next` is what to do, the most pressing first, empty where all is well."""

    cache: str
    now: str
    run: kept.Kept | None
    message: str | None
    providers: Sequence[ProviderStatus]
    columns: Sequence[ColumnStatus]
    published: Published | None
    next: Sequence[str]


def status(store: Store, registry: Registry, place: Place, now: datetime) -> Status:
    """How things stand at `now`, by the reports of runs and the pointer of the output.

    Raises StoreError where the cache cannot be read.
    """
    runs = kept.runs(store)
    published = _published(place, now)
    if not runs:
        hint = f"no run has left a report in {store.url}: datalake run makes one"
        return Status(store.url, now.isoformat(), None, None, [], [], published, [hint])
    report = kept.read(store, runs[0].run_id)
    columns = [
        _column(name, one, registry, now) for name, one in (report.get("freshness") or {}).items()
    ]
    providers = [
        _provider(name, one, columns, store, runs) for name, one in report["providers"].items()
    ]
    since = {one.provider: one.failing_since for one in providers if one.failing_since}
    steps = [*_held(published), *next_steps(report, since), *_late(columns, report, now)]
    return Status(
        store.url, now.isoformat(), runs[0], report["message"], providers, columns, published, steps
    )


def _column(name: str, told: Mapping[str, Any], registry: Registry, now: datetime) -> ColumnStatus:
    source = told["source"].partition(",")[0]
    provider, dataset, _ = source.split(".", 2)
    declared = dataset_of(registry, provider, dataset)
    expected = declared.closed_through(now).isoformat() if declared else told["expected"]
    behind = column_behind({**told, "expected": expected})
    return ColumnStatus(name, source, told["through"], expected, behind)


def _provider(
    name: str,
    told: Mapping[str, Any],
    columns: Sequence[ColumnStatus],
    store: Store,
    runs: Sequence[kept.Kept],
) -> ProviderStatus:
    own = [one for one in columns if one.source.startswith(f"{name}.")]
    failed = len(told.get("failed", ()))
    return ProviderStatus(
        provider=name,
        through=max((one.through for one in own if one.through), default=None),
        days_behind=max((one.days_behind for one in own), default=0),
        failed=failed,
        failing_since=_failing_since(name, store, runs) if failed else None,
    )


def _failing_since(name: str, store: Store, runs: Sequence[kept.Kept]) -> str | None:
    since = None
    for one in islice(runs, LOOKED_BACK):
        try:
            report = kept.read(store, one.run_id)
        except (ConfigError, StoreError):
            break
        if not report["providers"].get(name, {}).get("failed"):
            break
        since = str(report["started_at"])
    return since


def _published(place: Place, now: datetime) -> Published:
    try:
        current = read_history(place).current
    except (ConfigError, StoreError, OSError) as error:
        return Published(place.url, trouble=str(error))
    lease, _ = look(place.store)
    return Published(
        path=place.url,
        version=current.version,
        sequence=current.sequence,
        as_of=current.as_of.isoformat(),
        published_at=current.published_at.isoformat(),
        run_id=current.run_id,
        held_by=str(lease) if lease and lease.counts(now) else None,
    )


def _held(published: Published) -> list[str]:
    return [f"{published.held_by} is at work just now: wait for it"] if published.held_by else []


def _late(columns: Sequence[ColumnStatus], report: Mapping[str, Any], now: datetime) -> list[str]:
    """A run that is overdue explains all columns at once."""
    worst = max((one.days_behind for one in columns), default=0)
    ended = datetime.fromisoformat(report["as_of"]).astimezone(timezone.utc)
    if not worst or now - ended < DAY:
        return []
    days = (now - ended) // DAY
    return [f"the last run stands for {ended:%Y-%m-%d %H:%M} UTC, {days} days ago: datalake run"]
