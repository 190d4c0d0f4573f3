"""The published file that holds a number, and the runs that may have made it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Any

import polars as pl
from attrs import field, frozen

from ..errors import ConfigError, StoreError
from ..names import KEYS
from ..publish import Place
from ..publish.history import read_history
from ..publish.layout import DATA
from ..publish.place import in_words, report_name
from ..publish.versions import report_key
from ..running.report import REPORTS
from ..stores import Store
from ..suggest import did_you_mean


@frozen(eq=False)
class File:
    """A published file: where it lies, its rows (`date` is a day) and the sha256 of its bytes."""

    place: Place
    sha256: str
    rows: pl.DataFrame = field(repr=False)

    @property
    def columns(self) -> list[str]:
        """Those of values."""
        return [name for name in self.rows.columns if name not in KEYS]

    def rows_of(self, canonical_id: str) -> pl.DataFrame:
        """The rows of one canonical asset."""
        return self.rows.filter(pl.col("canonical_id") == canonical_id)

    def check_column(self, column: str) -> None:
        """Raise ConfigError where the file has no such column."""
        if column not in self.columns:
            raise ConfigError(
                f"{self.place.url} has no column {column!r}{did_you_mean(column, self.columns)}"
            )


@frozen
class Made:
    """A run that made a file, and the URL of the cache that it used."""

    run_id: str
    lake: str


def read_file(place: Place) -> File:
    """The file at that place. ConfigError where there is none, or none of ours."""
    try:
        data = place.read(place.name)
    except OSError as error:
        raise ConfigError(f"{place.url} cannot be read ({in_words(error)})") from error
    if data is None:
        raise ConfigError(
            f"there is no file {place.url}: `datalake run` makes one, --output names another"
        )
    try:
        rows = pl.read_parquet(data)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ConfigError(f"{place.url} cannot be read: {error}") from error
    if not set(KEYS) < set(rows.columns):
        raise ConfigError(f"{place.url} is not a file of ours: it has no {' and '.join(KEYS)}")
    days = rows.with_columns(pl.col("date").dt.date())
    return File(place, hashlib.sha256(data).hexdigest(), days)


def runs_of(file: File, lake: Store) -> Iterator[str]:
    """The runs that made these bytes, as far as anything says so: the history of what was
    published there, the reports beside the file, and those that the lake keeps."""
    told = [run_id for _, run_id in _in_history(file) if run_id]
    yield from dict.fromkeys([*told, *(made.run_id for made in _beside(file))])
    for entry in sorted(lake.list(REPORTS), key=lambda one: one.key, reverse=True):
        stored = lake.get(entry.key, known=entry)
        yield from (made.run_id for made in _made(stored.data if stored else b"", file))


def lake_of(file: File) -> str | None:
    """The URL of the cache that the run used, if a report beside the file says it."""
    return next((made.lake for made in _beside(file)), None)


def _in_history(file: File) -> Iterator[tuple[str, str | None]]:
    """The versions that hold these bytes, and the runs that made them."""
    with suppress(ConfigError, StoreError):  # a file may be copied without its history
        for entry in read_history(file.place).history:
            if entry.files[DATA].sha256 == file.sha256:
                yield entry.version, entry.run_id


def _beside(file: File) -> Iterator[Made]:
    """By the reports that a version keeps of its run, and by that of the last run."""
    place = file.place
    for version, _ in _in_history(file):
        with suppress(StoreError):
            stored = place.store.get(report_key(version))
            yield from _made(stored.data if stored else b"", file)
    with suppress(ConfigError, StoreError, OSError):
        yield from _made(place.read(report_name(place.name)) or b"", file)


def _made(report: bytes, file: File) -> Iterator[Made]:
    """The run that a report is of, if it published these bytes."""
    with suppress(ValueError, KeyError, TypeError):
        found: Any = json.loads(report)
        if found["output"]["published"] and found["output"]["sha256"] == file.sha256:
            yield Made(str(found["run_id"]), str(found["cache"]["url"]))


def day_of(rows: pl.DataFrame, column: str) -> date:
    """The newest day with a value in that column; the newest at all where none has one."""
    known = rows.filter(pl.col(column).is_not_null())
    last: date = (known if known.height else rows)["date"].max()  # type: ignore[assignment]  # dates
    return last
