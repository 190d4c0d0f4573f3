"""How published files look inside: Arrow types, Parquet encodings, row groups and metadata."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any, BinaryIO

import attrs
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ..names import KEYS
from .candidate import AssetNote, Candidate
from .rows import collected, height

DATA = "user_facing_data"
ASSETS = "user_facing_assets"

SCHEMA_VERSION = 1
_PREFIX = "datalake."

# One asset of the usual 200 costs a reader some 3 % of the file; a much larger file gets larger
# groups rather than a footer that takes longer to parse than the data.
_GROUP_ROWS = 12_500
_MOST_GROUPS = 64
_LARGEST_GROUP = 122_880
_ROWS_AT_ONCE = 100_000


def encode_data(candidate: Candidate) -> bytes:
    """The data file, in the order of the rows; the same candidate gives the same bytes.

    A candidate that breaks the contract is encoded as well as it can be, so that it can be
    looked at.
    """
    order = [*KEYS, *candidate.values]
    schema = candidate.rows.collect_schema()
    present = schema.names()
    frame = candidate.rows.select(
        *(name for name in order if name in present),
        *(name for name in present if name not in order),
    )
    if schema.get("date") == pl.Date:
        frame = frame.with_columns(pl.col("date").cast(pl.Datetime("us", "UTC")))
    return _encode(frame, _metadata(DATA, candidate))


def to_arrow(rows: pl.LazyFrame) -> pa.Table:
    """The rows with the types of the data file."""
    days = rows.with_columns(pl.col("date").cast(pl.Datetime("us", "UTC")))
    table = collected(days).to_arrow(compat_level=pl.CompatLevel.oldest())
    return table.cast(pa.schema([pa.field(one.name, _plain(one.type)) for one in table.schema]))


def encode_assets(candidate: Candidate) -> bytes:
    """The assets file: one row for each asset of the universe, by rank."""
    through = {f"{column}_through": column for column in candidate.values}
    schema: dict[str, pl.DataType] = {
        "canonical_id": pl.String(),
        "symbol": pl.String(),
        "name": pl.String(),
        "rank": pl.Int64(),
        "image": pl.String(),
        "members": pl.List(pl.String()),
        **dict.fromkeys(through, pl.Date()),
    }
    rows = [
        {
            "canonical_id": asset.canonical_id,
            "symbol": asset.symbol,
            "name": asset.name,
            "rank": asset.rank,
            "image": asset.image,
            "members": list(asset.members),
            **{name: asset.freshness.get(column) for name, column in through.items()},
        }
        for asset in sorted(candidate.assets, key=_by_rank)
    ]
    frame = pl.DataFrame(rows, schema=schema).lazy()
    return _encode(frame, _metadata(ASSETS, candidate))


def read_metadata(raw: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    """Our own keys of a file's metadata, parsed; empty where the file is not one of ours."""
    prefix = _PREFIX.encode()
    return {
        key[len(prefix) :].decode(): json.loads(value)
        for key, value in (raw or {}).items()
        if key.startswith(prefix)
    }


def instant(moment: datetime) -> str:
    """An aware instant as the metadata has it, in UTC."""
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def _by_rank(asset: AssetNote) -> tuple[bool, int, str]:
    return asset.rank is None, asset.rank or 0, asset.canonical_id


def _metadata(kind: str, candidate: Candidate) -> dict[str, str]:
    """All that a published file says of itself: nothing of the run, nothing of the clock."""
    notes = {
        note.name: {
            **attrs.asdict(note, filter=attrs.filters.exclude("name")),
            "last_closed": _iso(note.last_closed),
            "through": _iso(_through(candidate, note.name)),
        }
        for note in candidate.columns
    }
    learnt = candidate.learnt_through
    content = {
        "file": kind,
        "schema_version": SCHEMA_VERSION,
        "synthetic": candidate.synthetic,
        "as_of": instant(candidate.as_of),
        "last_day": candidate.last_day.isoformat(),
        "open_day": _iso(candidate.open_day),
        **({"learnt_through": instant(learnt)} if learnt else {}),
        "mapping_sha256": candidate.mapping_sha256,
        "columns": notes,
    }
    return {_PREFIX + key: json.dumps(value, ensure_ascii=False) for key, value in content.items()}


def _through(candidate: Candidate, column: str) -> date | None:
    """The last day on which any asset has a value."""
    days = (asset.freshness.get(column) for asset in candidate.assets)
    return max((day for day in days if day), default=None)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _encode(frame: pl.LazyFrame, metadata: dict[str, str]) -> bytes:
    """The file, of which a few row groups at a time are in memory as rows."""
    rows = height(frame)
    group = _group_rows(rows)
    at_once = group * max(1, _ROWS_AT_ONCE // group)
    sink = io.BytesIO()
    writer: Any = None
    for start in range(0, max(1, rows), at_once):
        part = collected(frame.slice(start, at_once)).rechunk()
        table: pa.Table = part.to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or _writer(sink, table.schema, metadata)
        writer.write_table(table.cast(writer.schema), row_group_size=group)
    writer.close()
    return sink.getvalue()


def _writer(sink: BinaryIO, schema: pa.Schema, metadata: dict[str, str]) -> Any:
    plain = pa.schema([pa.field(item.name, _plain(item.type)) for item in schema], metadata)
    encodings = {
        item.name: encoding for item in plain if (encoding := _encoding(item.type)) is not None
    }
    return pq.ParquetWriter(
        sink,
        plain,
        compression="zstd",
        compression_level=1,
        use_dictionary=["canonical_id"],
        column_encoding=encodings,
        write_page_checksum=True,
    )


def _plain(kind: Any) -> Any:
    """Polars' large strings and lists as the plain ones, which every reader can prune by."""
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    return kind


def _encoding(kind: Any) -> str | None:
    if pa.types.is_float64(kind):
        return "BYTE_STREAM_SPLIT"
    if pa.types.is_timestamp(kind):
        return "DELTA_BINARY_PACKED"
    return None


def _group_rows(rows: int) -> int:
    """Rows of a group, such that all groups are about the same size."""
    groups = min(_MOST_GROUPS, max(1, round(rows / _GROUP_ROWS)))
    groups = max(groups, -(-rows // _LARGEST_GROUP))
    return max(1, -(-rows // groups))
