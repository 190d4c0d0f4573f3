"""The published file that holds a number, and the runs that may have made it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import field, frozen

from ..errors import ConfigError, StoreError
from ..names import KEYS
from ..publish import Place
from ..publish.history import read_history
from ..publish.layout import DATA, read_metadata
from ..publish.place import in_words, report_name
from ..publish.rows import values_of
from ..publish.versions import report_key
from ..running.reporting.report import REPORTS
from ..running.reporting.shape import what_is_wrong
from ..stores import Entry, Store
from ..suggest import did_you_mean


@frozen(eq=False)
class File:
    """A published file: where it lies, its bytes and their sha256, what it says of itself (our keys
    of its metadata), and its rows, scanned (`date` is a day)."""

    place: Place
    sha256: str
    data: bytes = field(repr=False)
    facts: Mapping[str, Any] = field(repr=False)
    rows: pl.LazyFrame = field(repr=False)

    @property
    def columns(self) -> list[str]:
        """Those of values."""
        return values_of(self.rows)

    def rows_of(self, canonical_id: str) -> pl.DataFrame:
        """The rows of one canonical asset."""
        return self.rows.filter(pl.col("canonical_id") == canonical_id).collect()

    def check_column(self, column: str) -> None:
        """Raise ConfigError where the file has no such column."""
        if column not in self.columns:
            raise ConfigError(
                f"{self.place.url} has no column {column!r}{did_you_mean(column, self.columns)}"
            )


def read_file(place: Place) -> File:
    """The file at that place. ConfigError where there is none, or none of ours."""
    try:
        data = place.read(place.name)
    except OSError as error:
        raise ConfigError(f"{place.url} cannot be read ({in_words(error)})") from error
    if data is None:
        raise ConfigError(
            f"there is no file {place.url}: `datalake run` makes one; or name another"
        )
    try:
        facts = _facts(data)
        rows = pl.scan_parquet(data)
        schema = rows.collect_schema()
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if data else "it is empty"
        raise ConfigError(f"{place.url} cannot be read: {reason}") from error
    if not set(KEYS) < set(schema.names()) or not schema["date"].is_temporal():
        raise ConfigError(f"{place.url} is not a file of ours: it has no {' and '.join(KEYS)}")
    keys = pl.col("date").cast(pl.Date), pl.col("canonical_id").cast(pl.String)
    return File(place, hashlib.sha256(data).hexdigest(), data, facts, rows.with_columns(*keys))


def _facts(data: bytes) -> Mapping[str, Any]:
    """What the file says of itself; each page is read on the way, for the sake of its checksum."""
    with pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True) as parquet:
        for group in range(parquet.num_row_groups):
            # a process that ends right after has been seen to abort over Arrow's own threads
            parquet.read_row_group(group, use_threads=False)
        return read_metadata(parquet.metadata.metadata)


def runs_of(file: File, lake: Store) -> Iterator[str]:
    """The runs that made these bytes, as far as anything says so: the history of what was
    published there, the reports beside the file, and those that the lake keeps."""
    told = [run_id for _, run_id in _in_history(file) if run_id]
    yield from dict.fromkeys([*told, *(str(one["run_id"]) for one in reports_beside(file))])
    kept = [entry for entry in lake.list(REPORTS) if _may_have_made(entry, file)]
    for entry in sorted(kept, key=lambda one: one.key, reverse=True):
        stored = lake.get(entry.key, known=entry)
        yield from (str(one["run_id"]) for one in _of(file, stored.data if stored else b""))


def _may_have_made(entry: Entry, file: File) -> bool:
    """Whether a run stands for the file's instant, as far as a listing tells: a lake may keep the
    reports of thousands."""
    try:
        run, own = (
            datetime.fromisoformat(str(told["as_of"]).replace("Z", "+00:00"))
            for told in (entry.metadata, file.facts)
        )
        return run == own
    except (KeyError, ValueError, TypeError):
        return True


def lake_of(file: File) -> str | None:
    """The URL of the cache that the run used, if a report beside the file says it."""
    told = (one.get("cache", {}).get("url") for one in reports_beside(file))
    return next((str(url) for url in told if url), None)


def reports_beside(file: File) -> Iterator[Mapping[str, Any]]:
    """The reports of runs that published these bytes: that which a version keeps, and that of the
    last run."""
    place = file.place
    for version, _ in _in_history(file):
        with suppress(StoreError):
            stored = place.store.get(report_key(version))
            yield from _of(file, stored.data if stored else b"")
    with suppress(ConfigError, StoreError, OSError):
        yield from _of(file, place.read(report_name(place.name)) or b"")


def _in_history(file: File) -> Iterator[tuple[str, str | None]]:
    """The versions that hold these bytes, and the runs that made them."""
    with suppress(ConfigError, StoreError):  # a file may be copied without its history
        for entry in read_history(file.place).history:
            if entry.files[DATA].sha256 == file.sha256:
                yield entry.version, entry.run_id


def _of(file: File, data: bytes) -> Iterator[Mapping[str, Any]]:
    """The report that these bytes are, if it is of a run that published the file."""
    with suppress(ValueError, RecursionError):
        report = json.loads(data)
        output = {} if what_is_wrong(report) else report["output"]
        if output.get("published") and output.get("sha256") == file.sha256:
            yield report


def day_of(rows: pl.DataFrame, column: str) -> date:
    """The newest day with a value in that column; the newest at all where none has one."""
    known = rows.filter(pl.col(column).is_not_null())
    last: date = (known if known.height else rows)["date"].max()  # type: ignore[assignment]  # dates
    return last
