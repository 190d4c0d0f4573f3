"""The bytes of one cached series, and how far they are believed.

A bucket is shared, so an object may be damaged, somebody else's, or hostile. Nothing is parsed
before its sha256 holds, nothing is read before its footer's limits do, and whatever is amiss
makes the object a miss with a reason, never an exception.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import field, frozen

from .._version import __version__
from ..models import Dataset, Window
from ..series.arrays import known
from ..stores import ABSENT, Stored
from .coverage import Coverage
from .keys import SeriesKey
from .rows import OBSERVED, cache_schema, crop, days_of

SCHEMA_VERSION = "1"
WRITER = f"crypto-datalake/{__version__}"
#: More days than this field will have for a century, and more columns than any dataset.
MOST_ROWS, MOST_COLUMNS = 40_000, 64
#: Far above what a series of that size takes.
MOST_BYTES, MOST_BYTES_UNPACKED = 16 << 20, 64 << 20
PREFIX = b"datalake."
_PLAIN = "".join(chr(code) for code in range(32, 127) if chr(code) != "%")


@frozen(eq=False)
class Found:
    """A series as it lies in the store."""

    table: pa.Table
    coverage: Coverage
    generation: str
    native_id: str

    def within(self, window: Window) -> pa.Table:
        """The rows of the window's days: `date` and the dataset's columns."""
        return crop(self.table, window).drop_columns([OBSERVED])


@frozen
class Miss:
    """No usable series, and why; `generation` is that of the object that is to be replaced."""

    reason: str
    generation: str = field(default=ABSENT, repr=False)


class _Unusable(Exception):
    """The object is a miss for this reason."""


def encode(
    key: SeriesKey, native_id: str, table: pa.Table, coverage: Coverage
) -> tuple[bytes, Mapping[str, str]]:
    """Parquet bytes and object metadata of a series; the same series gives the same bytes."""
    facts = {
        **object_facts(key, native_id, table),
        "start": coverage.start.isoformat(),
        "complete_through": coverage.complete_through.isoformat(),
        "checked_at": coverage.checked_at.astimezone(timezone.utc).isoformat(),
        "checked_through": coverage.checked_through.isoformat(),
    }
    data = to_parquet(table, facts)
    return data, {**facts, "sha256": hashlib.sha256(data).hexdigest()}


def object_facts(key: SeriesKey, native_id: str, table: pa.Table) -> Mapping[str, str]:
    """What every object of this cache says of itself."""
    return {
        "schema_version": SCHEMA_VERSION,
        "series": key.folder,
        "native_id": _ascii(native_id),
        "rows": str(len(table)),
        "writer": WRITER,
    }


def to_parquet(table: pa.Table, facts: Mapping[str, str]) -> bytes:
    """Plain, compressed pages with checksums, the facts in the footer: readable everywhere."""
    marked = table.replace_schema_metadata(
        {PREFIX + name.encode(): value.encode() for name, value in facts.items()}
    )
    sink = pa.BufferOutputStream()
    pq.write_table(marked, sink, compression="zstd", use_dictionary=False, write_page_checksum=True)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def decode(
    stored: Stored | None, key: SeriesKey, dataset: Dataset, native_id: str | None
) -> Found | Miss:
    """The series in an object, if it is just what it should be."""
    if stored is None:
        return Miss("not in the cache")
    try:
        return _decode(stored, key, dataset, native_id)
    except _Unusable as reason:
        return Miss(str(reason), stored.generation)
    except (
        pa.ArrowException,
        OSError,
        ArithmeticError,
        LookupError,
        MemoryError,
        NotImplementedError,
        TypeError,
        ValueError,
    ) as error:
        return Miss(f"it cannot be read: {error!s:.200}", stored.generation)


def _decode(stored: Stored, key: SeriesKey, dataset: Dataset, native_id: str | None) -> Found:
    _check_bytes(stored)
    file = pq.ParquetFile(
        pa.BufferReader(stored.data), page_checksum_verification=True, pre_buffer=False
    )
    _check_footer(file.metadata)
    facts = _facts(file.metadata.metadata or {})
    _check_facts(facts, key, native_id)
    expected = cache_schema(dataset)
    if not file.schema_arrow.equals(expected, check_metadata=False):
        raise _Unusable(f"its columns are {_told(file.schema_arrow)}, not {_told(expected)}")
    table = file.read(use_threads=False).replace_schema_metadata(None)
    if file.num_row_groups > 1:
        table = table.combine_chunks()
    coverage = Coverage(
        start=date.fromisoformat(facts["start"]),
        complete_through=date.fromisoformat(facts["complete_through"]),
        checked_at=_moment(facts["checked_at"]),
        checked_through=date.fromisoformat(facts["checked_through"]),
    )
    _check_rows(table, coverage)
    _check_values(table, dataset)
    named = unquote(facts["native_id"], errors="surrogatepass")
    return Found(table, coverage, stored.generation, named)


def _check_bytes(stored: Stored) -> None:
    if len(stored.data) > MOST_BYTES:
        raise _Unusable(f"it has {len(stored.data)} bytes, more than any series")
    if "sha256" not in stored.metadata:
        raise _Unusable("its sha256 is not known, so it cannot be trusted")
    if hashlib.sha256(stored.data).hexdigest() != stored.metadata["sha256"]:
        raise _Unusable("its sha256 does not hold: it is damaged, or half of it is another's")


def _check_footer(footer: pq.FileMetaData) -> None:
    groups = [footer.row_group(number) for number in range(min(footer.num_row_groups, MOST_ROWS))]
    rows = max(footer.num_rows, sum(group.num_rows for group in groups))
    unpacked = sum(group.total_byte_size for group in groups)
    if rows > MOST_ROWS or footer.num_columns > MOST_COLUMNS or unpacked > MOST_BYTES_UNPACKED:
        size = f"{rows} rows and {footer.num_columns} columns, {unpacked} bytes unpacked"
        raise _Unusable(f"it claims {size}, more than any series")


def _facts(metadata: Mapping[bytes, bytes]) -> Mapping[str, str]:
    return {
        name[len(PREFIX) :].decode(): value.decode()
        for name, value in metadata.items()
        if name.startswith(PREFIX)
    }


def _check_facts(facts: Mapping[str, str], key: SeriesKey, native_id: str | None) -> None:
    if not facts:
        raise _Unusable("it is parquet, but no series of this cache")
    if facts["schema_version"] != SCHEMA_VERSION:
        raise _Unusable(f"its schema version is {facts['schema_version']}, not {SCHEMA_VERSION}")
    if facts["series"] != key.folder:
        raise _Unusable(f"it is the series {facts['series']}")
    if native_id is not None and facts["native_id"] != _ascii(native_id):
        raise _Unusable(f"it was fetched as {facts['native_id']!r}, now it is {native_id!r}")


def _check_rows(table: pa.Table, coverage: Coverage) -> None:
    if table["date"].null_count or table[OBSERVED].null_count:
        raise _Unusable("it has rows without a date or moment")
    days = days_of(table)
    if (days[1:] <= days[:-1]).any():
        raise _Unusable("its rows are not in order of date, each date once")
    through = (coverage.complete_through - date(1970, 1, 1)).days
    empty = coverage.complete_through == coverage.start - timedelta(days=1)
    if coverage.known.end < coverage.start or not (empty or through in days):
        raise _Unusable(f"it claims days through {coverage.complete_through} that it does not hold")
    if coverage.complete_through >= coverage.checked_at.astimezone(timezone.utc).date():
        raise _Unusable(
            f"it claims {coverage.complete_through}, which was not over when it was asked"
        )


def _check_values(table: pa.Table, dataset: Dataset) -> None:
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
            raise _Unusable(f"its column {name!r} holds values that the dataset does not allow")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise _Unusable("its checked_at has no time zone")
    return moment


def _told(schema: pa.Schema) -> str:
    return ", ".join(f"{column.name} {column.type}" for column in schema)[:300]


def _ascii(text: str) -> str:
    """Readable where it can be, percent-encoded where not: object metadata travel in headers."""
    return quote(text, safe=_PLAIN, errors="surrogatepass")
