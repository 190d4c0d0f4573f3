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
from ..publish import Place
from ..publish.candidate import KEYS
from ..publish.history import read_history
from ..publish.layout import DATA
from ..publish.place import in_words, report_name
from ..run.report import REPORTS
from ..stores import Store
from ..suggest import did_you_mean

#: What may stand in the way of a report that is of the file.
_NO_REPORT = (ConfigError, StoreError, OSError, ValueError, KeyError, TypeError)


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
    published there, the report beside the file, and the reports that the lake keeps."""
    yield from dict.fromkeys([*_in_history(file), *_beside(file)])
    for entry in sorted(lake.list(REPORTS), key=lambda one: one.key, reverse=True):
        stored = lake.get(entry.key, known=entry)
        with suppress(*_NO_REPORT):
            yield str(_made(stored.data if stored else b"", file)["run_id"])


def lake_of(file: File) -> str | None:
    """The URL of the cache that the run used, if the report beside the file is of that run."""
    with suppress(*_NO_REPORT):
        return str(_report(file)["cache"]["url"])
    return None


def _in_history(file: File) -> Iterator[str]:
    with suppress(ConfigError, StoreError):  # a file may be copied without its history
        for entry in read_history(file.place).history:
            if entry.run_id and entry.files[DATA].sha256 == file.sha256:
                yield entry.run_id


def _beside(file: File) -> Iterator[str]:
    with suppress(*_NO_REPORT):
        yield str(_report(file)["run_id"])


def _report(file: File) -> Any:
    """The report beside the file, if it made the file; else one of _NO_REPORT is raised."""
    return _made(file.place.read(report_name(file.place.name)) or b"", file)


def _made(report: bytes, file: File) -> Any:
    """A report, if it is of a run that published these bytes; else ValueError, say."""
    found: Any = json.loads(report)
    if not found["output"]["published"] or found["output"]["sha256"] != file.sha256:
        raise ValueError("the report is of another file")
    return found


def day_of(rows: pl.DataFrame, column: str) -> date:
    """The newest day with a value in that column; the newest at all where none has one."""
    known = rows.filter(pl.col(column).is_not_null())
    last: date = (known if known.height else rows)["date"].max()  # type: ignore[assignment]  # dates
    return last
