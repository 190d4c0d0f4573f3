"""The reports that runs have left in a lake: listed, found by name, read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from ...errors import ConfigError
from ...stores import Entry, Store
from ...suggest import did_you_mean
from .report import REPORTS
from .shape import what_is_wrong

#: The newest run, whatever its name.
LAST = "last"


@frozen
class Kept:
    """A run as the listing tells of it; what an older version left out is None."""

    run_id: str
    status: str | None
    exit_code: int | None
    as_of: str | None
    finished_at: str
    calls: int
    cache_hits: int
    rows: int | None


def runs(store: Store) -> list[Kept]:
    """All runs of which a report is kept, the newest first; one listing. Raises StoreError."""
    found = [entry for entry in store.list(REPORTS) if entry.key.endswith(".json")]
    return [_kept(entry) for entry in sorted(found, key=lambda entry: entry.key, reverse=True)]


def find(store: Store, name: str) -> str:
    """The id of the run of that name: its id, the beginning of it, or `last`.

    Raises ConfigError where that is none or several, StoreError.
    """
    known = [one.run_id for one in runs(store)]
    if not known:
        raise ConfigError(f"{store.url} keeps no report of any run: `datalake run` leaves one")
    if name == LAST:
        return known[0]
    fitting = [one for one in known if one == name] or [o for o in known if o.startswith(name)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        some = ", ".join(fitting[:5])
        raise ConfigError(f"{len(fitting)} runs begin with {name!r}: {some}; write more of it")
    raise ConfigError(f"there is no run {name!r} in {store.url}{did_you_mean(name, known)}")


def read(store: Store, run_id: str) -> Mapping[str, Any]:
    """The report of a run. Raises ConfigError where it is gone or damaged, StoreError."""
    key = f"{REPORTS}{run_id}.json"
    stored = store.get(key)
    if stored is None:
        raise ConfigError(f"{store.url}/{key} is gone")
    try:
        report = json.loads(stored.data)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{store.url}/{key} is damaged: {error}") from error
    if wrong := what_is_wrong(report):
        raise ConfigError(f"{store.url}/{key} is damaged, or no run report: {wrong}")
    return dict(report)


def _kept(entry: Entry) -> Kept:
    told = entry.metadata

    def number(name: str) -> int | None:
        return int(told[name]) if told.get(name, "").isdigit() else None

    return Kept(
        run_id=entry.key[len(REPORTS) : -len(".json")],
        status=told.get("status"),
        exit_code=number("exit_code"),
        as_of=told.get("as_of"),
        finished_at=told.get("finished_at") or entry.updated.isoformat(),
        calls=number("calls") or 0,
        cache_hits=number("cache_hits") or 0,
        rows=number("rows"),
    )
