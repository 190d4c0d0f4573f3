"""What a run has come to: step by step, and in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa
from attrs import field, frozen

from ..exits import Exit
from ..publish import Outcome
from ..publish.layout import to_arrow
from .fetching.open_day import Today
from .folding.recipe import Recipe
from .records.inputs import Input
from .reporting.report import Report
from .tally import Tally
from .universe.listing import Listing


@frozen
class Result:
    """How a run ended: its report and, where it came that far, the rows that it made, to be read
    from where they were put aside."""

    exit: Exit
    report: Report
    scan: pl.LazyFrame | None = None

    @property
    def exit_code(self) -> int:
        """The exit code of `datalake run`."""
        return int(self.exit)

    @property
    def table(self) -> pa.Table | None:
        """The rows as they are published: `date` (timestamp[us, UTC]), `canonical_id`, and a double
        for each other column, sorted by asset and day. None where the run came to none."""
        return None if self.scan is None else to_arrow(self.scan)

    @property
    def rows(self) -> pl.DataFrame | None:
        """All of them, in memory."""
        return None if self.scan is None else self.scan.collect()


@frozen
class Made:
    """What the steps of a run brought, as far as they came."""

    exit: Exit
    message: str
    listing: Listing | None = None
    tallies: Mapping[str, Tally] = field(factory=dict)
    inputs: Sequence[Input] = ()
    rows: pl.LazyFrame | None = None
    guarded: Mapping[str, Any] = field(factory=dict)
    failed: Mapping[str, str] = field(factory=dict)
    outcome: Outcome | None = None
    read_only: bool = False
    recipe: Recipe | None = None
    today: Today | None = None
