"""How things stand, for whoever is on call: the last run, what is known through when, what next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from itertools import chain, islice
from typing import Any

from attrs import evolve, frozen

from ...errors import ConfigError, StoreError
from ...models import DAY
from ...plugins import Registry
from ...publish import Place
from ...publish.history import read_history
from ...publish.lease import look
from ...stores import Store
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
    """What readers see at an output. `held_by` is the run that has its lease, `at_work` whether it
    has had it for less than a day; `trouble` says why what is published cannot be told."""

    path: str
    version: str | None = None
    sequence: int | None = None
    as_of: str | None = None
    published_at: str | None = None
    run_id: str | None = None
    held_by: str | None = None
    at_work: bool = False
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

    Raises StoreError where the cache cannot be read; an output that cannot be is a next step.
    """
    runs = kept.runs(store)
    published = _published(place, now)
    run, report, damaged = _newest(store, runs)
    steps = [*damaged, *_of_the_output(published)]
    if run is None:
        if not (runs or published.at_work):
            steps.append(f"no run has left a report in {store.url}: datalake run makes one")
        return Status(store.url, now.isoformat(), None, None, [], [], published, steps)
    columns = [
        _column(name, one, registry, now) for name, one in (report.get("freshness") or {}).items()
    ]
    before = runs[runs.index(run) + 1 : LOOKED_BACK]
    since = _failing_since(chain([report], _readable(store, before)))
    providers = [
        _provider(name, one, columns, since.get(name)) for name, one in report["providers"].items()
    ]
    steps += [*next_steps(report, since), *_late(columns, report, published, now)]
    return Status(
        store.url, now.isoformat(), run, report["message"], providers, columns, published, steps
    )


def _newest(
    store: Store, runs: Sequence[kept.Kept]
) -> tuple[kept.Kept | None, Mapping[str, Any], list[str]]:
    """The last run whose report can be read, with the report; and what is wrong with later ones."""
    damaged: list[str] = []
    for one in islice(runs, LOOKED_BACK):
        try:
            return one, kept.read(store, one.run_id), damaged
        except ConfigError as error:
            damaged.append(f"{error}; what is said here is of the run before it: remove it")
    return None, {}, damaged


def _column(name: str, told: Mapping[str, Any], registry: Registry, now: datetime) -> ColumnStatus:
    source = told["source"].partition(",")[0]
    provider, dataset, _ = source.split(".", 2)
    declared = registry.dataset(provider, dataset)
    expected = declared.closed_through(now).isoformat() if declared else told["expected"]
    behind = column_behind({**told, "expected": expected})
    return ColumnStatus(name, source, told["through"], expected, behind)


def _provider(
    name: str,
    told: Mapping[str, Any],
    columns: Sequence[ColumnStatus],
    failing_since: str | None,
) -> ProviderStatus:
    own = [one for one in columns if one.source.startswith(f"{name}.")]
    return ProviderStatus(
        provider=name,
        through=max((one.through for one in own if one.through), default=None),
        days_behind=max((one.days_behind for one in own), default=0),
        failed=len(told.get("failed", ())),
        failing_since=failing_since,
    )


def _failing_since(reports: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """By provider that fails, when the first of the runs in a row began in which it did.

    Of the reports, the newest first, no more are read than it takes.
    """
    since: dict[str, str] = {}
    failing: set[str] | None = None
    for report in reports:
        failed = {name for name, one in report["providers"].items() if one.get("failed")}
        failing = failed if failing is None else failing & failed
        if not failing:
            break
        since.update(dict.fromkeys(failing, str(report["started_at"])))
    return since


def _readable(store: Store, runs: Iterable[kept.Kept]) -> Iterator[Mapping[str, Any]]:
    """Their reports, up to the first that cannot be read."""
    for one in runs:
        try:
            report = kept.read(store, one.run_id)
        except (ConfigError, StoreError):
            return
        yield report


def _published(place: Place, now: datetime) -> Published:
    """The pointer and the lease; neither keeps the other from being told."""
    trouble, held_by, at_work = [], None, False
    try:
        lease, _ = look(place.store)
        if lease and lease.counts(now):
            held_by, at_work = str(lease), now - lease.since < DAY
    except (StoreError, OSError) as error:
        trouble.append(f"whether a run is at work on {place.url} cannot be seen: {error}")
    found = Published(place.url, held_by=held_by, at_work=at_work)
    try:
        current = read_history(place).current
    except (ConfigError, StoreError, OSError) as error:
        return evolve(found, trouble="; ".join([str(error), *trouble]))
    return evolve(
        found,
        version=current.version,
        sequence=current.sequence,
        as_of=current.as_of.isoformat(),
        published_at=current.published_at.isoformat(),
        run_id=current.run_id,
        trouble="; ".join(trouble) or None,
    )


def _of_the_output(published: Published) -> list[str]:
    """A run that goes about its work is no trouble, and what is not there yet may come of it."""
    if published.held_by and not published.at_work:
        return [f"{published.held_by} is still at work: look whether it hangs"]
    return [published.trouble] if published.trouble and not published.at_work else []


def _late(
    columns: Sequence[ColumnStatus],
    report: Mapping[str, Any],
    published: Published,
    now: datetime,
) -> list[str]:
    """A run that is overdue explains all columns at once; one that is at work makes up for it."""
    worst = max((one.days_behind for one in columns), default=0)
    ended = datetime.fromisoformat(report["as_of"]).astimezone(timezone.utc)
    if not worst or now - ended < DAY or published.at_work:
        return []
    days = (now - ended) // DAY
    return [f"the last run stands for {ended:%Y-%m-%d %H:%M} UTC, {days} days ago: datalake run"]
