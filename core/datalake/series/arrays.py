"""Arrow columns from and to numpy, by their buffers.

pyarrow's own conversions import pandas where it is installed, which costs half a second; the
layout of Arrow's primitive and string arrays is public and fixed, so these few lines do instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

Array = np.ndarray[Any, np.dtype[Any]]


def to_arrow(values: Array, kind: pa.DataType, valid: Array | None = None) -> pa.Array:
    """A primitive Arrow array of that type; null where `valid` is false."""
    width = kind.bit_width // 8
    if values.dtype.itemsize != width:
        raise TypeError(f"{values.dtype} does not fit {kind}")
    data = pa.py_buffer(np.ascontiguousarray(values).tobytes())
    return pa.Array.from_buffers(kind, len(values), [_bits(valid), data])


def to_strings(texts: Sequence[str | None]) -> pa.Array:
    """A string array; null for None."""
    encoded = [b"" if text is None else text.encode() for text in texts]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int32)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    valid = np.array([text is not None for text in texts], dtype=bool)
    buffers = [_bits(valid), pa.py_buffer(offsets.tobytes()), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def repeated(text: str, times: int) -> pa.Array:
    """A string array with nothing but this text."""
    data = text.encode()
    offsets = np.arange(times + 1, dtype=np.int32) * np.int32(len(data))
    buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(data * times)]
    return pa.Array.from_buffers(pa.string(), times, buffers)


def mask(chosen: Array) -> pa.Array:
    """A boolean Arrow array, for `Table.filter`."""
    return pa.Array.from_buffers(pa.bool_(), len(chosen), [None, _packed(chosen)])


def to_numpy(column: pa.Array | pa.ChunkedArray, dtype: str) -> tuple[Array, Array]:
    """Values (anything where null) and which of them are valid; for fixed-width types only."""
    values, valid = _buffers(column, dtype)
    return values, np.ones(len(values), dtype=bool) if valid is None else valid


def known(column: pa.Array | pa.ChunkedArray, dtype: str) -> Array:
    """The values that are not null, in their order; for fixed-width types only."""
    values, valid = _buffers(column, dtype)
    return values if valid is None else values[valid]


def _buffers(column: pa.Array | pa.ChunkedArray, dtype: str) -> tuple[Array, Array | None]:
    if not len(column):
        return np.empty(0, dtype=dtype), None
    array = column
    if isinstance(column, pa.ChunkedArray):
        array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    validity, data = array.buffers()
    size = np.dtype(dtype).itemsize
    values = np.frombuffer(data, dtype=dtype, count=len(array), offset=array.offset * size)
    if validity is None or array.null_count == 0:
        return values, None
    bits = np.unpackbits(np.frombuffer(validity, dtype=np.uint8), bitorder="little")
    return values, bits[array.offset : array.offset + len(array)].astype(bool)


def _bits(valid: Array | None) -> pa.Buffer | None:
    return None if valid is None or valid.all() else _packed(valid)


def _packed(flags: Array) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags.astype(bool), bitorder="little").tobytes())
