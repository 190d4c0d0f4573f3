"""The run report: what a run did, as JSON; no secrets, one page to understand a run by."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from attrs import asdict, field, frozen

from ...errors import ConfigError, StoreError
from ...exits import Exit
from ...publish import Outcome, Place
from ...publish.copies import keep_report
from ...publish.files import probe, replace
from ...publish.place import LocalPlace, in_words, report_name
from ...publish.target import published_paths
from ...stores import ABSENT, Store
from ..fetching.open_day import Today
from ..options import Options
from ..sources import Skipped, Source
from ..tally import Tally
from ..universe.listing import Listing

log = logging.getLogger(__name__)

#: Where the store keeps reports; calls and cache hits are in the objects' metadata, too.
REPORTS = "runs/v1/"
#: The word for each way in which a run can end that came as far as a report.
STATUS = {
    Exit.PUBLISHED: "published",
    Exit.DEGRADED: "degraded",
    Exit.REFUSED: "refused",
    Exit.BUDGET: "unfinished",
    Exit.FAILED: "failed",
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
    cache: Mapping[str, Any] = field(factory=dict)
    mapping: Mapping[str, Any] = field(factory=dict)
    open_day: Mapping[str, Any] = field(factory=dict)
    freshness: Mapping[str, Any] = field(factory=dict)
    gate: Mapping[str, Any] = field(factory=dict)
    output: Mapping[str, Any] = field(factory=dict)

    def json(self) -> str:
        """The report as indented JSON, with a newline at its end."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False, default=str) + "\n"


def new_run_id(started: datetime) -> str:
    """A name for the run that sorts by time, also among the runs of one second."""
    within = started.microsecond >> 4  # four hex digits hold it, and no two runs are closer
    return f"{started:%Y%m%dT%H%M%SZ}-{within:04x}{uuid.uuid4().hex[:4]}"


def settings(options: Options) -> dict[str, Any]:
    """The options of the run as plain values; keys are no options and cannot be among them."""
    return {name: value for name, value in asdict(options).items() if value not in (None, (), {})}


def universe_section(listing: Listing) -> dict[str, Any]:
    """`assets` lists canonical ids by rank; `trouble` says what is wrong with the list."""
    assets = listing.universe.assets
    return {
        "size": len(assets),
        "as_of": listing.universe.as_of.isoformat(),
        "trouble": listing.trouble,
        "assets": [asset.id for asset in assets],
    }


def provider_section(source: Source, tally: Tally | None) -> dict[str, Any]:
    """One provider's figures."""
    stats = source.client.stats
    section: dict[str, Any] = {
        "plan": source.plan.name,
        "calls": stats.calls,
        "bytes": stats.bytes,
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
        "revised": [
            asdict(one) for one in sorted(tally.revised, key=lambda r: (r.dataset, r.asset))
        ],
        "rejected": tally.rejected,
        "left": tally.left,
        "failed": [asdict(one) for one in sorted(tally.failed, key=lambda f: (f.dataset, f.asset))],
        "uncovered": [
            asdict(one) for one in sorted(tally.uncovered, key=lambda u: (u.dataset, u.asset))
        ],
    }


def cache_section(store: Store, options: Options, read_only: bool) -> dict[str, Any]:
    """Where series were kept, and whether this run could add to them."""
    return {
        "url": store.url,
        "offline": options.offline,
        "read_only": read_only and not options.offline,
    }


def skipped_section(skipped: Sequence[Skipped]) -> list[dict[str, str]]:
    """Providers that did not take part."""
    return [asdict(one) for one in skipped]


def open_day_section(today: Today | None) -> dict[str, Any]:
    """Which `day` is open in the rows, None where no price of it came, and what each snapshot
    brought; empty where only closed days were wanted."""
    return asdict(today) if today else {}


def gate_section(outcome: Outcome | None) -> dict[str, Any]:
    """Every check that the candidate had to pass; empty where there was none."""
    return {"checks": [asdict(check) for check in outcome.checks]} if outcome else {}


def output_section(outcome: Outcome | None) -> dict[str, Any]:
    """What was published (`new` unless the same was before), or where the candidate was kept;
    empty where there was none."""
    if outcome is None:
        return {}
    return {
        "published": outcome.published,
        "new": outcome.new,
        "path": outcome.path,
        "version": outcome.version,
        "sequence": outcome.sequence,
        "candidate": outcome.candidate_path,
        "forcible": outcome.forcible,
        "rows": outcome.rows,
        "assets": outcome.assets,
        "sha256": outcome.sha256,
    }


def mapping_section(
    sha256: str,
    listing: Listing | None,
    guarded: Mapping[str, Any],
    tallies: Mapping[str, Tally],
) -> dict[str, Any]:
    """What the fold did: `folded` members by canonical asset, and by dataset the `unresolved`
    assets, of which the provider has no series. Of the members, `depegged` were left out of sums
    on some days, and `straying` may be if they go on."""
    if listing is None:
        return {}
    unresolved: dict[str, list[str]] = {}
    for name, tally in tallies.items():
        for one in tally.uncovered:
            unresolved.setdefault(f"{name}.{one.dataset}", []).append(one.asset)
    return {
        "sha256": sha256,
        "folded": {
            asset.id: list(asset.members[1:])
            for asset in listing.universe.assets
            if asset.members[1:]
        },
        "unresolved": {name: sorted(assets) for name, assets in sorted(unresolved.items())},
        **guarded,
    }


def check_report(options: Options, place: Place) -> None:
    """Raise ConfigError where the report that the user wants cannot be written."""
    path = options.report
    if path is None or _special(path):
        return
    if path.is_dir() or not path.name:
        raise ConfigError(f"--report {path} is a folder: name the file in it")
    if isinstance(place, LocalPlace):
        taken = {one.resolve() for one in published_paths(place.path)}
        if path.resolve() in taken:
            raise ConfigError(
                f"--report {path} is a file that the run publishes: choose another one"
            )
    try:
        probe(path)
    except OSError as error:
        raise ConfigError(
            f"--report {path} cannot be written ({error.strerror or error}): choose another place"
        ) from error


def _special(path: Path) -> bool:
    """A pipe or a terminal, which can be written to but not replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all: a full disk must not leave half a report in the last one's place."""
    if _special(path):
        path.write_bytes(data)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, data)


def told(report: Report) -> dict[str, str]:
    """What a listing of the store tells of a report, in its object's metadata."""
    providers = report.providers.values()
    counts = {
        name: str(sum(one.get(name, 0) for one in providers)) for name in ("calls", "cache_hits")
    }
    facts = ("status", "exit_code", "as_of", "finished_at")
    rows = {"rows": str(report.output["rows"])} if report.output else {}
    return {**counts, **{name: str(getattr(report, name)) for name in facts}, **rows}


def keep(report: Report, store: Store | None, place: Place, path: Path | None) -> None:
    """Write the report beside the output and into its version, where the user wants it (`path`),
    and into the cache's store, if it may be written."""
    text = report.json()
    data = text.encode()
    version = report.output.get("version")
    beside = place.where(report_name(place.name))
    writes: list[tuple[str, Callable[[], None]]] = [
        (beside, lambda: keep_report(place, version, data))
    ]
    if path:
        writes.append((str(path), lambda: _write(path, data)))
    for where, write in writes:
        try:
            with place.turn():
                write()
        except ConfigError as error:  # something lies there by now: what is published is published
            log.warning("the run report cannot be written to %s: %s", where, error)
        except (OSError, StoreError) as error:
            log.warning("the run report cannot be written to %s: %s", where, in_words(error))
    if store is None:
        return
    try:
        store.put(
            f"{REPORTS}{report.run_id}.json", text.encode(), told(report), if_generation=ABSENT
        )
    except StoreError as error:
        log.warning("the run report cannot be kept in %s: %s", store.url, error)
