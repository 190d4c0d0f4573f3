"""One delivered column, whatever it came as, checked and turned into its declared type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
from attrs import frozen

from ..errors import SchemaError
from ..models import Column
from .arrays import Array, to_arrow, to_numpy, to_strings

ARROW_TYPES = {"double": pa.float64(), "int64": pa.int64(), "string": pa.string()}
#: Beyond this a float no longer tells neighbouring integers apart.
LARGEST_EXACT = 2**53


@frozen(eq=False)
class Cells:
    """Values (meaningless where not valid) of one column."""

    values: Array
    valid: Array

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Array) -> Cells:
        return Cells(self.values[rows], self.valid[rows])

    def same(self, one: Array, other: Array) -> Array:
        """Where the rows at `one` hold what the rows at `other` hold."""
        both, neither = self.valid[one] & self.valid[other], ~self.valid[one] & ~self.valid[other]
        same: Array = neither | (both & (self.values[one] == self.values[other]))
        return same


def plain(values: Any) -> Any:
    """A list, a numpy array of a plain type, or an Arrow array; TypeError for anything else."""
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    if isinstance(values, np.ndarray):
        return values if values.dtype.kind in "biufM" else values.tolist()
    if from_pandas(values, "Series") or from_pandas(values, "Index"):
        return _from_pandas(values)
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise TypeError(f"a column is a sequence of values, not {values!r:.60}")
    return list(values)


def from_pandas(value: Any, name: str) -> bool:
    """Whether a value is pandas' class of that name (or of a kind of it); never imports pandas."""
    return any(
        kind.__name__ == name and kind.__module__.partition(".")[0] == "pandas"
        for kind in type(value).__mro__
    )


def _from_pandas(series: Any) -> Any:
    if series.dtype == object:
        known = series.notna().tolist()
        return [item if ok else None for item, ok in zip(series.tolist(), known, strict=True)]
    if isinstance(series.dtype, np.dtype):
        return plain(series.to_numpy())
    return pa.Array.from_pandas(series)


def to_cells(name: str, column: Column, values: Any) -> Cells:
    """The values as the declared type; SchemaError names the column and the first value amiss."""
    try:
        delivered = plain(values)
        if column.type == "string":
            return _texts(name, delivered)
        numbers = _floats(name, delivered) if column.type == "double" else _ints(name, delivered)
    except (TypeError, OverflowError, pa.ArrowException) as error:
        raise SchemaError(f"column {name!r} is declared {column.type}: {error}") from error
    return numbers


def to_column(column: Column, cells: Cells) -> pa.Array:
    """The Arrow array of the declared type."""
    if column.type == "string":
        return to_strings(
            [v if ok else None for v, ok in zip(cells.values, cells.valid, strict=True)]
        )
    return to_arrow(cells.values, ARROW_TYPES[column.type], cells.valid)


def within(column: Column, cells: Cells) -> tuple[Cells, Array]:
    """Without the values beyond the column's limits, and where those were."""
    beyond = np.zeros(len(cells), dtype=bool)
    if column.minimum is not None:
        beyond |= cells.values < column.minimum
    if column.maximum is not None:
        beyond |= cells.values > column.maximum
    beyond &= cells.valid
    return Cells(cells.values, cells.valid & ~beyond), beyond


def _texts(name: str, delivered: Any) -> Cells:
    items = delivered.to_pylist() if hasattr(delivered, "to_pylist") else list(delivered)
    texts = [None if isinstance(item, float) and item != item else item for item in items]
    _refuse(name, "string", [item for item in texts if not isinstance(item, (str, type(None)))])
    values = np.empty(len(texts), dtype=object)
    values[:] = texts
    return Cells(values, np.array([text is not None for text in texts], dtype=bool))


def _floats(name: str, delivered: Any) -> Cells:
    values, valid = _numeric(name, delivered, "double")
    floats = values.astype(np.float64)
    known = valid & ~np.isnan(floats)
    endless = known & np.isinf(floats)
    if endless.any():
        raise SchemaError(f"column {name!r} holds {floats[endless][0]} in row {endless.argmax()}")
    return Cells(np.where(known, floats, 0.0) + 0.0, known)  # + 0.0 makes -0.0 a plain zero


def _ints(name: str, delivered: Any) -> Cells:
    values, valid = _numeric(name, delivered, "int64")
    if values.dtype.kind == "f":
        valid = valid & ~np.isnan(values)
        broken = valid & ((values != np.floor(values)) | (np.abs(values) > LARGEST_EXACT))
        _refuse(name, "int64", values[broken])
        values = np.where(valid, values, 0)
    elif values.dtype.kind == "u" and len(values):
        _refuse(name, "int64", values[values > np.iinfo(np.int64).max])
    return Cells(np.where(valid, values, 0).astype(np.int64), valid)


def _numeric(name: str, delivered: Any, declared: str) -> tuple[Array, Array]:
    """Floats or integers as numpy; what is no number is refused."""
    if isinstance(delivered, (pa.Array, pa.ChunkedArray)):
        return _from_arrow(name, delivered, declared)
    if isinstance(delivered, np.ndarray):
        _refuse(name, declared, delivered[:1] if delivered.dtype.kind in "bM" else ())
        return delivered, np.ones(len(delivered), dtype=bool)
    return _from_list(name, delivered, declared)


def _from_arrow(name: str, delivered: Any, declared: str) -> tuple[Array, Array]:
    kind = delivered.type
    if pa.types.is_null(kind):
        return np.zeros(len(delivered)), np.zeros(len(delivered), dtype=bool)
    if pa.types.is_floating(kind):
        return to_numpy(delivered.cast(pa.float64()), "f8")
    if pa.types.is_integer(kind):
        return to_numpy(delivered.cast(pa.int64()), "i8")
    raise SchemaError(f"column {name!r} is declared {declared}, but came as Arrow's {kind}")


def _from_list(name: str, delivered: list[Any], declared: str) -> tuple[Array, Array]:
    kinds = set(map(type, delivered))
    wrong = {kind for kind in kinds if not _is_number(kind)}
    _refuse(name, declared, [value for value in delivered if type(value) in wrong])
    valid = np.array([value is not None for value in delivered], dtype=bool)
    whole = not any(issubclass(kind, (float, np.floating)) for kind in kinds)
    filled = [0 if value is None else value for value in delivered]
    exact = declared == "int64" and whole
    return np.array(filled, dtype=np.int64 if exact else np.float64), valid


def _is_number(kind: type) -> bool:
    numbers = (int, float, np.integer, np.floating, type(None))
    return issubclass(kind, numbers) and not issubclass(kind, bool)


def _shown(value: Any) -> str:
    """A value in a few signs: a long text where a number should be may be anything, even a key."""
    return f"{value[:12]!r}…" if isinstance(value, str) and len(value) > 12 else f"{value!r:.60}"


def _refuse(name: str, declared: str, wrong: Any) -> None:
    """Complain of the first of the wrong values, if there are any."""
    for value in wrong:
        what = f"{_shown(value)} ({type(value).__name__})"
        raise SchemaError(f"column {name!r} is declared {declared}, but holds {what}")
