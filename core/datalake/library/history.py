"""The runs that left a report, as a table."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
from attrs import asdict

from ..running.reporting.kept import runs
from ..stores import Store

_INSTANTS = ("as_of", "finished_at")
SCHEMA = pa.schema(
    [
        ("run_id", pa.string()),
        ("status", pa.string()),
        ("exit_code", pa.int64()),
        ("as_of", pa.timestamp("us", "UTC")),
        ("finished_at", pa.timestamp("us", "UTC")),
        ("calls", pa.int64()),
        ("cache_hits", pa.int64()),
        ("rows", pa.int64()),
    ]
)


def read(store: Store) -> pa.Table:
    """All of them, the newest first; one listing."""
    rows = [asdict(one) for one in runs(store)]
    for row in rows:
        row.update({name: datetime.fromisoformat(row[name]) for name in _INSTANTS if row[name]})
    return pa.Table.from_pylist(rows, SCHEMA)
