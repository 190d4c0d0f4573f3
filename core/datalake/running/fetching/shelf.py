"""What a run is at work on, put aside on disk: memory does not grow with the universe.

What is read again is what was put there, whatever has become of the store since.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pyarrow as pa
from attrs import define, field, frozen

from ...temporary import nameless, writing


@define(eq=False)
class Shelf:
    """Tables in one file, each to be read again; safe to use from several threads."""

    _file: BinaryIO
    _size: int = field(default=0, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def put(self, table: pa.Table) -> Shelved:
        """Write the table. Raises StoreError."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        data = sink.getvalue()
        with self._lock, writing():
            place = self._size
            self._file.write(data)
            self._file.flush()
            self._size += data.size
        return Shelved(self._file.fileno(), place, data.size)


@frozen
class Shelved:
    """Where a table lies in the file of its shelf."""

    file: int
    place: int
    size: int

    def read(self) -> pa.Table:
        """The table, as long as the shelf stands."""
        return pa.ipc.open_stream(os.pread(self.file, self.size, self.place)).read_all()


@contextmanager
def shelf() -> Iterator[Shelf]:
    """A shelf that stands until the end of the block."""
    with nameless() as file:
        yield Shelf(file)
