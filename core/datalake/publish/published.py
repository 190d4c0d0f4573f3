"""What lies at an output already: a published file, a damaged one, or something not ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import evolve, field, frozen

from ..errors import StoreError
from ..models import DAY
from ..temporary import nameless, writing
from .candidate import closed_rows
from .layout import DATA, SCHEMA_VERSION, read_metadata
from .rows import collected, values_of

_MAGIC = b"PAR1"
_HEAD = 1024


@frozen(eq=False)
class Content:
    """The rows of a data file, scanned: `date` (pl.Date), `canonical_id` and Float64 value columns,
    sorted by asset and day; the last day was open then if it is the `open_day`, and no value of
    another was learnt after `learnt_through`."""

    rows: pl.LazyFrame
    last_day: date
    learnt_through: datetime
    mapping_sha256: str
    open_day: date | None = None

    @property
    def closed(self) -> Content:
        """The same without the day that was open."""
        if self.open_day is None:
            return self
        rows = closed_rows(self.rows, self.open_day)
        return evolve(self, rows=rows, last_day=self.open_day - DAY, open_day=None)

    @property
    def values(self) -> list[str]:
        """The value columns."""
        return values_of(self.rows)


@frozen(eq=False)
class Published:
    """A whole file of ours; `content` is None for the assets file. `data` are its bytes, where
    something can still be healed with them."""

    synthetic: bool
    as_of: datetime
    content: Content | None
    data: bytes = field(default=b"", repr=False)


@frozen
class Damaged:
    """A file that cannot be read; `plausible` where its bytes look like what a crash leaves.
    `earlier` is the newest version before it that is whole, if there is one."""

    reason: str
    plausible: bool
    earlier: Published | None = None


@frozen
class Foreign:
    """Something that we did not write, and will not touch."""

    what: str


def look(data: bytes, kind: str) -> Published | Damaged | Foreign:
    """What these bytes are."""
    head = data[:_HEAD]
    plausible = _MAGIC in (data[:4], data[-4:]) or not head.strip(b"\0")
    if not plausible:
        return Damaged(_sniffed(head), plausible=False)
    try:
        with pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True) as parquet:
            return _read(parquet, kind, data)
    except (
        pa.ArrowException,
        pl.exceptions.PolarsError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
    ) as error:
        reason = str(error).splitlines()[0] if data else "it is empty"
        return Damaged(reason, plausible=True)


def _read(parquet: Any, kind: str, data: bytes) -> Published | Foreign:
    metadata = read_metadata(parquet.metadata.metadata)
    names = parquet.schema_arrow.names
    if "file" not in metadata:
        columns = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        return Foreign(f"a Parquet file of somebody else's with the columns {columns}")
    if metadata["file"] != kind:
        return Foreign(f"a file of datalake's, but of another kind ({metadata['file']})")
    if metadata["schema_version"] > SCHEMA_VERSION:
        return Foreign("written by a newer version of datalake")
    as_of = _instant(metadata["as_of"])
    content = _content(parquet, metadata, data) if kind == DATA else None
    return Published(bool(metadata["synthetic"]), as_of, content, data)


def _content(parquet: Any, metadata: Mapping[str, Any], data: bytes) -> Content:
    for group in range(parquet.num_row_groups):
        parquet.read_row_group(group)  # for its checksums: damage is to be known before the gate
    rows = _scanned(data).with_columns(pl.col("date").cast(pl.Date))
    kinds = {"date": pl.Date, "canonical_id": pl.String}
    for name, kind in rows.collect_schema().items():
        if kind != kinds.get(name, pl.Float64):
            raise ValueError(f"its column {name} is {kind}")
    collected(rows.filter(pl.col("canonical_id") == ""))  # for the footer's statistics: the same
    last_day = date.fromisoformat(metadata["last_day"])
    learnt_through = _instant(metadata.get("learnt_through", metadata["as_of"]))
    told = metadata.get("open_day")
    open_day = date.fromisoformat(told) if told else None
    return Content(rows, last_day, learnt_through, str(metadata["mapping_sha256"]), open_day)


def _scanned(data: bytes) -> pl.LazyFrame:
    """The rows, read from a file where there is room for one, so that nobody holds the bytes."""
    try:
        with nameless() as file:
            with writing():
                file.write(data)
                file.flush()
            file.seek(0)
            return pl.scan_parquet(file)
    except StoreError:
        return pl.scan_parquet(data)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _sniffed(head: bytes) -> str:
    """What a file that is not Parquet seems to be, in words."""
    signatures = {b"SQLite format 3": "an SQLite database", b"PK": "a ZIP archive"}
    for signature, what in signatures.items():
        if head.startswith(signature):
            return what
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # not just a character that the excerpt cuts
            return "binary data, but not Parquet"
        text = head[: error.start].decode()
    first = text.lstrip().partition("\n")[0].strip()
    return f"a text that begins with {first[:40]!r}"
