"""Rows of a cached series: `date`, the dataset's columns, `observed_at`; merged, compared, cropped.

All functions here take and give tables in order of date with each date once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from attrs import astuple, frozen

from ..models import Dataset, Window
from ..series import series_schema
from ..series.arrays import Array, known, mask, to_arrow, to_numpy
from ..series.stamps import EPOCH, MICROSECOND

OBSERVED = "observed_at"
MOMENT = pa.timestamp("us", "UTC")
EPOCH_DAY = date(1970, 1, 1).toordinal()


def cache_schema(dataset: Dataset) -> pa.Schema:
    """The columns of a cached series."""
    return series_schema(dataset).append(pa.field(OBSERVED, MOMENT))


def merge(one: pa.Table, other: pa.Table) -> pa.Table:
    """The rows of both; of one date the row that was observed last counts.

    Commutative, associative and idempotent, so writers may meet in any order: rows of one date
    and moment are settled by their content.
    """
    both = pa.concat_tables([one, other])
    order = ["date", OBSERVED, *one.column_names[1:-1]]
    ranked = both.sort_by([(name, "ascending") for name in order])
    days = days_of(ranked)
    last = np.ones(len(days), dtype=bool)
    last[:-1] = days[1:] != days[:-1]
    return ranked.filter(mask(last)).combine_chunks()


@frozen(eq=False)
class Comparison:
    """Masks over the rows of the newer table (`changed`: new, or not what the older has) and of
    the older one (`replaced`: the newer says something else or more; `revised`: a value that was
    known is replaced)."""

    changed: Array
    replaced: Array
    revised: Array


def compare(older: pa.Table, newer: pa.Table, dataset: Dataset) -> Comparison:
    """Which rows say something else, numbers differing by more than the dataset's tolerance."""
    _, at_old, at_new = np.intersect1d(
        days_of(older), days_of(newer), assume_unique=True, return_indices=True
    )
    changed, (replaced, revised) = np.ones(len(newer), bool), np.zeros((2, len(older)), bool)
    differs, otherwise = np.zeros((2, len(at_old)), dtype=bool)
    for name, column in dataset.columns.items():
        old, old_known = (part[at_old] for part in _values(older[name], column.type))
        new, new_known = (part[at_new] for part in _values(newer[name], column.type))
        apart = (old_known != new_known) | (old_known & ~_close(old, new, dataset.tolerance))
        differs |= apart
        otherwise |= apart & old_known
    changed[at_new] = replaced[at_old] = differs
    revised[at_old] = otherwise
    return Comparison(changed, replaced, revised)


def observed(table: pa.Table, moment: datetime) -> pa.Table:
    """The rows of a series, marked with when they were learnt."""
    micros = np.full(len(table), (moment - EPOCH) // MICROSECOND, dtype=np.int64)
    marks = to_arrow(micros, MOMENT)
    return table.append_column(pa.field(OBSERVED, MOMENT), marks)


def chosen(table: pa.Table, rows: Array) -> pa.Table:
    """The rows of a mask."""
    return table.filter(mask(rows))


def crop(table: pa.Table, window: Window) -> pa.Table:
    """The rows of the window's days; no copy."""
    days = days_of(table)
    start, end = (
        int(np.searchsorted(days, day.toordinal() - EPOCH_DAY)) for day in astuple(window)
    )
    return table.slice(start, max(0, end - start))


def first_day(table: pa.Table) -> date | None:
    """The date of the first row."""
    days = days_of(table)
    return date.fromordinal(EPOCH_DAY + int(days[0])) if len(days) else None


def last_day(table: pa.Table) -> date | None:
    """The date of the last row."""
    days = days_of(table)
    return date.fromordinal(EPOCH_DAY + int(days[-1])) if len(days) else None


def days_of(table: pa.Table) -> Array:
    """The dates as days since 1970."""
    return known(table["date"], "i4")


def _values(column: pa.ChunkedArray, kind: str) -> tuple[Array, Array]:
    if kind != "string":
        return to_numpy(column, "f8" if kind == "double" else "i8")
    texts = np.array(column.to_pylist(), dtype=object)
    return texts, np.array([text is not None for text in texts], dtype=bool)


def _close(old: Array, new: Array, tolerance: float) -> Array:
    if old.dtype == object:
        same: Array = old == new
        return same
    near: Array = np.abs(old - new) <= tolerance * np.maximum(np.abs(old), np.abs(new))
    return near


def timed(rows: Any) -> pa.Table:
    """A pipeline's rows, in whatever form they came, as a provider would give them."""
    table = rows if isinstance(rows, pa.Table) else _table(rows)
    if "date" not in table.column_names:
        return table
    days = table["date"].cast(pa.timestamp("us", "UTC"))
    return table.set_column(table.column_names.index("date"), "time", days)


def _table(rows: Any) -> pa.Table:
    if isinstance(rows, Mapping):
        return pa.table(dict(rows))
    return pa.Table.from_pandas(rows, preserve_index=False)
