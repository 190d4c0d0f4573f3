"""What was not let into a series, with the reason: kept to be looked at, never read as data."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from ..cache import SeriesKey
from ..cache.objects import to_parquet
from ..errors import Conflict, StoreError
from ..series import Reject
from ..stores import ABSENT, Entry, Store
from .inventory import QUARANTINE, series_name

log = logging.getLogger(__name__)

#: A vendor that has gone mad must not fill the bucket: so many values of one answer, so many
#: answers of one series, the newest ones.
MOST_ROWS, MOST_OBJECTS = 1_000, 16
#: What an object holds at most, and what is read of one.
MOST_BYTES = 1 << 20
#: How much of a value, and of a reason, is kept.
LONGEST_VALUE, LONGEST_REASON = 100, 300
SCHEMA = pa.schema(
    [
        ("date", pa.date32()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("reason", pa.string()),
        ("observed_at", pa.timestamp("us", "UTC")),
    ]
)


@frozen
class Kept:
    """One answer's rejected values: how many, of which days, and the first reason."""

    series: str
    rejected: int
    first_day: str | None
    last_day: str | None
    reason: str
    observed_at: str
    object: str


def keep(store: Store, key: SeriesKey, rejects: Sequence[Reject], moment: datetime) -> None:
    """Add what was rejected of one answer; the same values again are kept once.

    A store that cannot be written costs only that.
    """
    rows = [
        {
            "date": one.date,
            "column": one.column,
            "value": None if one.value is None else one.value[:LONGEST_VALUE],
            "reason": one.reason[:LONGEST_REASON],
        }
        for one in rejects[:MOST_ROWS]
    ]
    name = hashlib.sha256(json.dumps(rows, default=str).encode()).hexdigest()[:32]
    table = pa.Table.from_pylist([{**row, "observed_at": moment} for row in rows], SCHEMA)
    days = [one.date for one in rejects if one.date]
    reason = rejects[0].reason[:LONGEST_REASON]
    facts = {
        "series": key.folder,
        "rejected": str(len(rejects)),
        "first_day": _iso(min(days, default=None)),
        "last_day": _iso(max(days, default=None)),
        "reason": reason.encode("ascii", "backslashreplace").decode(),
        "observed_at": moment.isoformat(),
    }
    data = to_parquet(table, facts)
    folder = f"{QUARANTINE}{key.folder}/"
    facts["sha256"] = hashlib.sha256(data).hexdigest()
    try:
        store.put(f"{folder}{name}.parquet", data, facts, if_generation=ABSENT)
        _trim(store, folder)
    except Conflict:
        return
    except StoreError as error:
        log.warning("what was rejected of %s is not kept: %s", key, error)


def kept(entry: Entry, key: SeriesKey) -> Kept:
    """What the listing tells of one object."""
    facts = entry.metadata
    count = facts.get("rejected", "")
    return Kept(
        series_name(key),
        int(count) if count.isdigit() else 0,
        facts.get("first_day") or None,
        facts.get("last_day") or None,
        facts.get("reason", ""),
        facts.get("observed_at", ""),
        entry.key,
    )


def rows(store: Store, key: SeriesKey) -> Iterator[dict[str, Any]]:
    """The rejected values of a series, the newest answers first. Raises StoreError."""
    entries = sorted(store.list(f"{QUARANTINE}{key.folder}/"), key=_age, reverse=True)
    for entry in entries:
        stored = store.get(entry.key, known=entry)
        if stored is None or len(stored.data) > MOST_BYTES:
            continue
        if hashlib.sha256(stored.data).hexdigest() != stored.metadata.get("sha256"):
            log.warning("%s in %s is damaged, and left out", entry.key, store.url)
            continue
        with pq.ParquetFile(pa.BufferReader(stored.data)) as file:
            if file.schema_arrow.equals(SCHEMA) and file.metadata.num_rows <= MOST_ROWS:
                yield from file.read().to_pylist()


def _trim(store: Store, folder: str) -> None:
    """Let the oldest answers go; whoever comes first does."""
    entries = sorted(store.list(folder), key=_age)
    for entry in entries[: max(0, len(entries) - MOST_OBJECTS)]:
        with suppress(Conflict):
            store.delete(entry.key, if_generation=entry.generation)


def _age(entry: Entry) -> tuple[str, str]:
    return entry.metadata.get("observed_at", ""), entry.key


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
