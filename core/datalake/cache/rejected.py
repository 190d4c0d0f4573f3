"""Keeps what was not let into a series, with the reason: to be looked at, never read as data."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime

import pyarrow as pa

from ..errors import Conflict, StoreError
from ..series import Reject
from ..stores import ABSENT, Entry, Store
from .keys import SeriesKey
from .objects import to_parquet

log = logging.getLogger(__name__)

#: Where values lie that were not let into a series.
QUARANTINE = "quarantine/v1/"
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


def _trim(store: Store, folder: str) -> None:
    """Let the oldest answers go; whoever comes first does."""
    entries = sorted(store.list(folder), key=age)
    for entry in entries[: max(0, len(entries) - MOST_OBJECTS)]:
        with suppress(Conflict):
            store.delete(entry.key, if_generation=entry.generation)


def age(entry: Entry) -> tuple[str, str]:
    """What answers are sorted by, the oldest first."""
    return entry.metadata.get("observed_at", ""), entry.key


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
