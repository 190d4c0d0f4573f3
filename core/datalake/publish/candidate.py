"""What a run hands over for publication, and what it is told of the outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal

import polars as pl
from attrs import evolve, field, frozen

from ..models import DAY
from ..names import KEYS, STANDARD
from .evidence import Evidence


@frozen
class ColumnNote:
    """What a reader of one value column must know.

    `source` names provider, dataset and column (`coingecko.market.price`); `time` says in words
    which instant or span a row's value describes, `rule` how the members of an asset became one
    value. `last_closed` is the last day that the source has settled.
    """

    name: str
    unit: str
    meaning: str
    source: str
    time: str
    rule: str
    last_closed: date | None = None


@frozen
class AssetNote:
    """One canonical asset of the universe; `freshness` is the last day known, by column."""

    canonical_id: str
    symbol: str | None = None
    name: str | None = None
    rank: int | None = None
    image: str | None = None
    members: Sequence[str] = ()
    freshness: Mapping[str, date | None] = field(factory=dict)


def _lazily(rows: pl.DataFrame | pl.LazyFrame) -> pl.LazyFrame:
    return rows.lazy()


@frozen(eq=False)
class Candidate:
    """Rows that want to be published, with all that goes into the files beside them.

    `rows` has `date` (pl.Date, the UTC day), `canonical_id` and Float64 value columns, and is
    sorted by asset and day; it may be scanned from somewhere, and is never in memory as a whole.
    `columns` has a note for each value column, in the order of the extended ones.
    `assets` is the universe, whether an asset has rows or not. `as_of` is the aware instant that
    the run stands for and `last_day` the last day that may have a row: the `open_day`, if rows of
    it are among them. No value of a closed day was learnt after `learnt_through`.
    """

    rows: pl.LazyFrame = field(converter=_lazily)
    assets: Sequence[AssetNote]
    columns: Sequence[ColumnNote]
    as_of: datetime = field()
    last_day: date
    synthetic: bool
    mapping_sha256: str
    learnt_through: datetime | None = None
    evidence: Evidence = field(factory=Evidence)
    open_day: date | None = None

    @as_of.validator
    def _aware(self, attribute: object, value: datetime) -> None:
        if value.tzinfo is None:
            raise ValueError("as_of must be an aware datetime")

    @property
    def closed(self) -> Candidate:
        """The same without the day that is still open."""
        if self.open_day is None:
            return self
        rows = closed_rows(self.rows, self.open_day)
        return evolve(self, rows=rows, last_day=self.open_day - DAY, open_day=None)

    @property
    def values(self) -> tuple[str, ...]:
        """The value columns in the order of the file: standard ones, then extended ones."""
        named = dict.fromkeys((*STANDARD, *(note.name for note in self.columns)))
        return tuple(named)[len(KEYS) :]

    @property
    def known(self) -> dict[str, int]:
        """How many known values each value column has."""
        schema = self.rows.collect_schema()
        counts = self.rows.select(pl.col(name).count() for name in self.values if name in schema)
        return counts.collect(engine="streaming").row(0, named=True)


def closed_rows(rows: pl.LazyFrame, open_day: date) -> pl.LazyFrame:
    """The rows of other days than the open one."""
    return rows.filter(pl.col("date") != open_day)


@frozen
class Check:
    """One thing that was looked at, in words; only the level `refused` stops a publication."""

    name: str
    passed: bool
    level: Literal["ok", "warning", "refused"]
    detail: str

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}"


@frozen
class Outcome:
    """What came of a candidate.

    `published` says that the candidate is what is published now, `new` that it was not before.
    `path` is the output as the user would write it. `rows`, `assets` (those that have rows) and
    `sha256` (of the data file's bytes) are the candidate's, whether it was published or not;
    `version` and `sequence` are None where it was not. `trouble` says what is amiss although it
    was; `candidate_path` is where a refused one lies, and `forcible` says that a reason would
    have it published.
    """

    published: bool
    new: bool
    path: str
    version: str | None
    sequence: int | None
    rows: int
    assets: int
    sha256: str
    checks: tuple[Check, ...]
    trouble: str = ""
    candidate_path: str | None = None
    forcible: bool = False
