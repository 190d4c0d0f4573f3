"""What must hold of an object before its rows are believed; each check says what is amiss."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import date, timedelta, timezone
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from ..models import Dataset
from ..series.arrays import Array, known
from ..stores import Stored
from .coverage import Coverage
from .keys import SeriesKey
from .rows import OBSERVED, cache_schema, days_of

SCHEMA_VERSION = "1"
#: More days than this field will have for a century, and more columns than any dataset.
MOST_ROWS, MOST_COLUMNS = 40_000, 64
#: Far above what a series of that size takes.
MOST_BYTES, MOST_BYTES_UNPACKED = 16 << 20, 64 << 20
_PLAIN = "".join(chr(code) for code in range(32, 127) if chr(code) != "%")


class Unusable(Exception):
    """The object is a miss for this reason."""


class Another(Unusable):
    """The object is whole, and another series than the one that is wanted."""


def check_bytes(stored: Stored) -> None:
    if len(stored.data) > MOST_BYTES:
        raise Unusable(f"it has {len(stored.data)} bytes, more than any series")
    if "sha256" not in stored.metadata:
        raise Unusable("its sha256 is not known, so it cannot be trusted")
    if hashlib.sha256(stored.data).hexdigest() != stored.metadata["sha256"]:
        raise Unusable("its sha256 does not hold: it is damaged, or half of it is another's")


def check_footer(footer: pq.FileMetaData) -> None:
    groups = [footer.row_group(number) for number in range(min(footer.num_row_groups, MOST_ROWS))]
    rows = max(footer.num_rows, sum(group.num_rows for group in groups))
    unpacked = sum(group.total_byte_size for group in groups)
    if rows > MOST_ROWS or footer.num_columns > MOST_COLUMNS or unpacked > MOST_BYTES_UNPACKED:
        size = f"{rows} rows and {footer.num_columns} columns, {unpacked} bytes unpacked"
        raise Unusable(f"it claims {size}, more than any series")


def check_facts(facts: Mapping[str, str], key: SeriesKey, native_id: str | None) -> None:
    if not facts:
        raise Unusable("it is parquet, but no series of this cache")
    if facts["series"] != key.folder:
        raise Unusable(f"it is the series {facts['series']}")
    if facts["schema_version"] != SCHEMA_VERSION:
        raise Another(f"its schema version is {facts['schema_version']}, not {SCHEMA_VERSION}")
    if native_id is not None and facts["native_id"] != to_ascii(native_id):
        raise Another(f"it was fetched as {facts['native_id']!r}, now it is {native_id!r}")


def check_columns(schema: pa.Schema, dataset: Dataset) -> None:
    expected = cache_schema(dataset)
    if not schema.equals(expected, check_metadata=False):
        raise Another(f"its columns are {_told(schema)}, not {_told(expected)}")


def check_days(table: pa.Table) -> Array:
    if table["date"].null_count or table[OBSERVED].null_count:
        raise Unusable("it has rows without a date or moment")
    days = days_of(table)
    if (days[1:] <= days[:-1]).any():
        raise Unusable("its rows are not in order of date, each date once")
    return days


def check_rows(table: pa.Table, coverage: Coverage) -> None:
    days = check_days(table)
    through = (coverage.complete_through - date(1970, 1, 1)).days
    empty = coverage.complete_through == coverage.start - timedelta(days=1)
    if coverage.known.end < coverage.start or not (empty or through in days):
        raise Unusable(f"it claims days through {coverage.complete_through} that it does not hold")
    if coverage.complete_through >= coverage.checked_at.astimezone(timezone.utc).date():
        raise Unusable(
            f"it claims {coverage.complete_through}, which was not over when it was asked"
        )


def check_values(table: pa.Table, dataset: Dataset) -> None:
    for name, column in dataset.columns.items():
        if column.type == "string":
            continue
        values = known(table[name], "f8" if column.type == "double" else "i8")
        if not len(values):
            continue
        # a NaN among them is both the least and the greatest
        least, greatest = values.min(), values.max()
        low = -math.inf if column.minimum is None else column.minimum
        high = math.inf if column.maximum is None else column.maximum
        finite = math.isfinite(least) and math.isfinite(greatest)
        if not (finite and low <= least and greatest <= high):
            raise Unusable(f"its column {name!r} holds values that the dataset does not allow")


def _told(schema: pa.Schema) -> str:
    return ", ".join(f"{column.name} {column.type}" for column in schema)[:300]


def to_ascii(text: str) -> str:
    """Readable where it can be, percent-encoded where not: object metadata travel in headers."""
    return quote(text, safe=_PLAIN, errors="surrogatepass")
