"""The archived universe of an instant as a table."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from ..errors import ConfigError
from ..running.universe.archive import ADVICE, newest, rows
from ..stores import Store

SCHEMA = pa.schema(
    [
        ("as_of", pa.timestamp("us", "UTC")),
        ("rank", pa.int64()),
        ("canonical_id", pa.string()),
        ("symbol", pa.string()),
        ("name", pa.string()),
        ("market_cap", pa.float64()),
        ("price", pa.float64()),
        ("members", pa.list_(pa.string())),
    ]
)


def read(store: Store, moment: datetime, top: int) -> pa.Table:
    """The newest universe that was archived at or before the moment. Raises ConfigError where
    there is none."""
    found = newest(store, moment, top)
    if found is None:
        raise ConfigError(
            f"no universe is archived in {store.url} at or before {moment:%Y-%m-%d %H:%MZ}; "
            f"{ADVICE}"
        )
    return pa.Table.from_pylist([{**row, "as_of": found.as_of} for row in rows(found)], SCHEMA)
