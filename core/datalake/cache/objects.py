"""The bytes of one cached series, and how far they are believed.

A bucket is shared, so an object may be damaged, somebody else's, or hostile. Nothing is parsed
before its sha256 holds, nothing is read before its footer's limits do, and whatever is amiss
makes the object a miss with a reason, never an exception.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime, timezone
from typing import TypeVar
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import field, frozen

from .._version import __version__
from ..models import Dataset, Window
from ..stores import ABSENT, Entry, Stored
from .checks import (
    SCHEMA_VERSION,
    Another,
    Unusable,
    check_bytes,
    check_columns,
    check_days,
    check_facts,
    check_footer,
    check_rows,
    check_values,
    to_ascii,
)
from .coverage import Coverage
from .keys import SeriesKey
from .rows import OBSERVED, crop

WRITER = f"crypto-datalake/{__version__}"
PREFIX = b"datalake."
T = TypeVar("T")


@frozen(eq=False)
class Found:
    """A series as it lies in the store.

    It has been kept since `begun` (None: nobody knows); what lay there before, as another series,
    is under revisions.
    """

    table: pa.Table
    coverage: Coverage
    generation: str
    native_id: str
    sha256: str = ""
    begun: datetime | None = None

    def reaching_back(self, window: Window) -> Window:
        """The window with the days before it that are known."""
        return self.coverage.reaching_back(window)

    def within(self, window: Window) -> pa.Table:
        """The rows of the window's days: `date` and the dataset's columns."""
        return crop(self.table, window).drop_columns([OBSERVED])

    def learnt(self, window: Window) -> pa.ChunkedArray:
        """When each of those rows was learnt."""
        return crop(self.table, window)[OBSERVED]


@frozen
class Told:
    """A series as a listing tells of it, which may be another one, or damaged: only who has read
    the object of this generation knows. It has so many `rows` in all."""

    generation: str
    coverage: Coverage
    rows: int


@frozen
class Miss:
    """No usable series, and why; `generation` is that of the object that is to be replaced.

    `former` is that object where it is whole, and only not the series that is wanted now.
    """

    reason: str
    generation: str = field(default=ABSENT, repr=False)
    former: Stored | None = field(default=None, repr=False)

    @property
    def begun(self) -> datetime | None:
        """Since when that object had been what it is, if it says so."""
        return _begun(self.former.metadata) if self.former else None


@frozen(eq=False)
class Rows:
    """Rows of a series that is not, or no longer, the one in the cache.

    `coverage` is that of a whole series that was replaced by another one; None where they are only
    the rows that a revision replaced.
    """

    table: pa.Table
    native_id: str
    begun: datetime | None
    coverage: Coverage | None = None


def as_listed(entry: Entry) -> Told | None:
    """What an object's metadata say; None where they do not say how far the series goes."""
    try:
        return Told(entry.generation, _coverage(entry.metadata), int(entry.metadata["rows"]))
    except (LookupError, ValueError, Unusable):
        return None


def encode(
    key: SeriesKey,
    native_id: str,
    table: pa.Table,
    coverage: Coverage,
    begun: datetime | None = None,
) -> tuple[bytes, Mapping[str, str]]:
    """Parquet bytes and object metadata of a series; the same series gives the same bytes."""
    facts = {
        **object_facts(key, native_id, table, begun),
        "start": coverage.start.isoformat(),
        "complete_through": coverage.complete_through.isoformat(),
        "checked_at": coverage.checked_at.astimezone(timezone.utc).isoformat(),
        "checked_through": coverage.checked_through.isoformat(),
    }
    data = to_parquet(table, facts)
    return data, {**facts, "sha256": hashlib.sha256(data).hexdigest()}


def object_facts(
    key: SeriesKey, native_id: str, table: pa.Table, begun: datetime | None
) -> Mapping[str, str]:
    """What every object of this cache says of itself."""
    return {
        "schema_version": SCHEMA_VERSION,
        "series": key.folder,
        "native_id": to_ascii(native_id),
        "rows": str(len(table)),
        "writer": WRITER,
        **({"begun": begun.astimezone(timezone.utc).isoformat()} if begun else {}),
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
    return _read(stored, lambda: _decode(stored, key, dataset, native_id))


def decode_past(stored: Stored, key: SeriesKey, dataset: Dataset) -> Rows | Miss:
    """The rows in an object under revisions, if it is just what it should be."""
    return _read(stored, lambda: _decode_past(stored, key, dataset))


def _read(stored: Stored, decoded: Callable[[], T]) -> T | Miss:
    try:
        return decoded()
    except Another as reason:
        return Miss(str(reason), stored.generation, stored)
    except Unusable as reason:
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
    table, facts = _opened(stored, key, dataset, native_id)
    coverage = _coverage(facts)
    check_rows(table, coverage)
    check_values(table, dataset)
    return Found(
        table,
        coverage,
        stored.generation,
        _native_id(facts),
        stored.metadata["sha256"],
        _begun(facts),
    )


def _decode_past(stored: Stored, key: SeriesKey, dataset: Dataset) -> Rows:
    table, facts = _opened(stored, key, dataset, None)
    check_days(table)
    check_values(table, dataset)
    coverage = _coverage(facts) if "start" in facts else None
    return Rows(table, _native_id(facts), _begun(facts), coverage)


def _opened(
    stored: Stored, key: SeriesKey, dataset: Dataset, native_id: str | None
) -> tuple[pa.Table, Mapping[str, str]]:
    check_bytes(stored)
    file = pq.ParquetFile(
        pa.BufferReader(stored.data), page_checksum_verification=True, pre_buffer=False
    )
    check_footer(file.metadata)
    facts = _facts(file.metadata.metadata or {})
    check_facts(facts, key, native_id)
    check_columns(file.schema_arrow, dataset)
    table = file.read(use_threads=False).replace_schema_metadata(None)
    if file.num_row_groups > 1:
        table = table.combine_chunks()
    return table, facts


def _coverage(facts: Mapping[str, str]) -> Coverage:
    return Coverage(
        start=date.fromisoformat(facts["start"]),
        complete_through=date.fromisoformat(facts["complete_through"]),
        checked_at=_moment(facts["checked_at"]),
        checked_through=date.fromisoformat(facts["checked_through"]),
    )


def _native_id(facts: Mapping[str, str]) -> str:
    return unquote(facts["native_id"], errors="surrogatepass")


def _begun(facts: Mapping[str, str]) -> datetime | None:
    return _moment(facts["begun"]) if "begun" in facts else None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise Unusable("its checked_at has no time zone")
    return moment


def _facts(metadata: Mapping[bytes, bytes]) -> Mapping[str, str]:
    return {
        name[len(PREFIX) :].decode(): value.decode()
        for name, value in metadata.items()
        if name.startswith(PREFIX)
    }
