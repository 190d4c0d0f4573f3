"""What was not let into a series, with the reason: told and read, never read as data."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from ..cache import SeriesKey
from ..cache.rejected import MOST_BYTES, MOST_ROWS, QUARANTINE, SCHEMA, age
from ..stores import Entry, Store
from .inventory import series_name

log = logging.getLogger(__name__)


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
    entries = sorted(store.list(f"{QUARANTINE}{key.folder}/"), key=age, reverse=True)
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
