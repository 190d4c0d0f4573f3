"""The boundary between providers and everything else: whatever a fetch returned becomes a series,
or a SchemaError that says what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from attrs import frozen

from ..errors import SchemaError
from ..models import DAY, Column, Dataset
from .arrays import Array, to_arrow
from .columns import ARROW_TYPES, Cells, from_pandas, to_cells, to_column, within
from .stamps import EPOCH, MICROS_PER_DAY, MICROSECOND, NO_DAY, to_days, to_stamps

_NATIVE_ID = Column("", "the provider's own name for an asset", "string")


@frozen
class Reject:
    """A value that was not let in, and why: of a day and a column; both are None where a whole
    answer was refused."""

    reason: str
    date: date | None = None
    column: str | None = None
    value: str | None = None


@frozen(eq=False)
class Series:
    """One dataset of one asset: `date` (the UTC day) and the declared columns, in order of date,
    each day once. `rejects` are values beyond their column's limits, which are null there."""

    table: pa.Table
    rejects: Sequence[Reject] = ()

    @property
    def rejected(self) -> int:
        """How many values were rejected."""
        return len(self.rejects)


def series_schema(dataset: Dataset) -> pa.Schema:
    """`date` (date32) and the dataset's columns."""
    columns = [(name, ARROW_TYPES[column.type]) for name, column in dataset.columns.items()]
    return pa.schema([("date", pa.date32()), *columns])


def to_series(dataset: Dataset, raw: Any, *, now: datetime) -> Series:
    """Check and type what a fetch returned: an Arrow table, a pandas frame, or columns by name.

    `time` becomes the day that the row covers, as the dataset's stamp says (see `Stamp`); of
    several stamps in one day the latest counts. Columns that are not declared are dropped, NaN
    becomes null. Raises SchemaError where a column is missing or holds what it must not, where
    two rows of one time differ, or where a time is impossible.
    """
    delivered = _columns(raw, ["time", *dataset.columns])
    stamps = to_stamps(dataset, delivered["time"])
    cells = {name: to_cells(name, col, delivered[name]) for name, col in dataset.columns.items()}
    _check_lengths({"time": len(stamps), **{name: len(cell) for name, cell in cells.items()}})
    days = to_days(dataset, stamps, now=now)
    rows = _latest(stamps, days, cells)
    return _limited(dataset, days[rows], {name: cell[rows] for name, cell in cells.items()})


def delivered_days(dataset: Dataset, raw: Any, *, now: datetime) -> list[date]:
    """The day of each row that a fetch returned, as they came; those of no closed day are left out.

    Raises SchemaError where `time` is missing or impossible.
    """
    stamps = to_stamps(dataset, _columns(raw, ["time"])["time"])
    days = to_days(dataset, stamps, now=now)
    return [(EPOCH + day * DAY).date() for day in days[days != NO_DAY].tolist()]


def to_open_day(dataset: Dataset, raw: Any, *, now: datetime) -> dict[str, Series]:
    """Check and type what a snapshot returned: by native id a series of the one day that is open.

    A row whose `time` lies in another day is left out. Raises SchemaError as `to_series` does, and
    where an id has no name or several rows.
    """
    delivered = _columns(raw, ["native_id", "time", *dataset.columns])
    ids = to_cells("native_id", _NATIVE_ID, delivered["native_id"])
    days = to_stamps(dataset, delivered["time"]) // MICROS_PER_DAY
    cells = {name: to_cells(name, col, delivered[name]) for name, col in dataset.columns.items()}
    counts = {"time": len(days), **{name: len(cell) for name, cell in cells.items()}}
    _check_lengths({"native_id": len(ids), **counts})
    twice = [name for name, count in Counter(ids.values.tolist()).items() if count > 1]
    if twice or not ids.valid.all():
        fault = f"has several rows for {_listed(twice[:3])}" if twice else "has a row of no asset"
        raise SchemaError(f"the answer {fault}")
    rows = np.flatnonzero(days == (now - EPOCH) // DAY)
    return {
        ids.values[row]: _limited(
            dataset, days[[row]], {name: cell[np.array([row])] for name, cell in cells.items()}
        )
        for row in rows
    }


def _columns(raw: Any, needed: list[str]) -> Mapping[str, Any]:
    """The needed columns by name."""
    names, take = _names(raw), raw
    missing = [name for name in needed if name not in names]
    twice = [name for name, count in Counter(names).items() if count > 1 and name in needed]
    if missing or twice:
        fault = f"lacks {_listed(missing)}" if missing else f"has {_listed(twice)} more than once"
        raise SchemaError(f"the answer {fault}; delivered: {_listed(names) or 'no columns'}")
    if from_pandas(raw, "DataFrame") and "time" not in raw.columns:
        take = raw.reset_index()
    return {name: take[name] for name in needed}


def _names(raw: Any) -> list[str]:
    if isinstance(raw, pa.Table):
        return list(raw.column_names)
    if from_pandas(raw, "DataFrame"):
        index = [name for name in raw.index.names if name == "time" and name not in raw.columns]
        return [*index, *map(str, raw.columns)]
    if isinstance(raw, Mapping):
        return list(map(str, raw))
    raise SchemaError(
        "a fetch returns an Arrow table, a pandas frame or a mapping of columns, "
        f"not {type(raw).__name__}"
    )


def _check_lengths(lengths: Mapping[str, int]) -> None:
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise SchemaError(f"the columns are not of one length: {told}")


def _latest(stamps: Array, days: Array, cells: Mapping[str, Cells]) -> Array:
    """The rows to keep, in order of day: of each day the one with the latest stamp."""
    rows = np.flatnonzero(days != NO_DAY)
    rows = rows[np.lexsort((stamps[rows], days[rows]))]
    one, other = rows[:-1], rows[1:]
    twice = stamps[one] == stamps[other]
    for name, cell in cells.items():
        differs = twice & ~cell.same(one, other)
        if differs.any():
            moment = stamps[one][differs][0]
            raise SchemaError(f"column {name!r} has two values for the one time {_iso(moment)}")
    last = np.ones(len(rows), dtype=bool)
    last[:-1] = days[one] != days[other]
    kept: Array = rows[last]
    return kept


def _limited(dataset: Dataset, days: Array, cells: Mapping[str, Cells]) -> Series:
    rejects: list[Reject] = []
    arrays = [to_arrow(days.astype(np.int32), pa.date32())]
    for name, column in dataset.columns.items():
        kept = cells[name]
        if column.type != "string":
            kept, beyond = within(column, kept)
            rejects += _rejects(name, column, days[beyond], cells[name].values[beyond])
        arrays.append(to_column(column, kept))
    return Series(pa.Table.from_arrays(arrays, schema=series_schema(dataset)), rejects)


def _rejects(name: str, column: Column, days: Array, values: Array) -> list[Reject]:
    reason = f"must be {_limits(column)}"
    return [
        Reject(reason, (EPOCH + day * DAY).date(), name, repr(value))
        for day, value in zip(days.tolist(), values.tolist(), strict=True)
    ]


def _limits(column: Column) -> str:
    """The limits of a column in words."""
    if column.minimum is None:
        return f"at most {column.maximum}"
    if column.maximum is None:
        return f"at least {column.minimum}"
    return f"from {column.minimum} to {column.maximum}"


def _iso(micros: int) -> str:
    return (EPOCH + int(micros) * MICROSECOND).isoformat()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)
