"""A part of an object at a time, from stores that can: what a reader skips is not downloaded.

The store's own sha256 is of the whole object, so a part is believed only as far as its format has
checksums of its own, as the pages of our Parquet files have.
"""

from __future__ import annotations

import io
from typing import BinaryIO, Protocol, cast, runtime_checkable

from attrs import define, field

from ..errors import StoreError
from .base import Store

#: The end of a Parquet file that is read at once: the footers of most of ours are smaller.
TAIL = 64 << 10


@runtime_checkable
class Ranged(Protocol):
    """What a store may offer beside the methods of Store."""

    def get_range(self, key: str, start: int, size: int) -> bytes | None:
        """So many bytes of the object as it is now, fewer only at its end; None where there is
        none. Raises StoreError."""


def open_ranges(store: Store, key: str, size: int) -> BinaryIO:
    """The object, of that size, as a file to seek in. Raises StoreError where it is not there."""
    if isinstance(store, Ranged):
        return cast(BinaryIO, _RangedFile(store, f"{store.url}/{key}", key, size))
    stored = store.get(key)
    if stored is None:
        raise StoreError(f"{store.url}/{key} is gone")
    return io.BytesIO(stored.data)


@define(eq=False, slots=False)
class _RangedFile(io.RawIOBase):
    """Its end is kept: a Parquet file is read from there, in two or three small steps."""

    _store: Ranged
    _where: str
    _key: str
    _size: int
    _at: int = field(default=0, init=False)
    _tail: bytes | None = field(default=None, init=False)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = base + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._at)
        wanted = left if size < 0 else min(size, left)
        start = max(0, self._size - TAIL)
        if self._at >= start:
            if self._tail is None:
                self._tail = self._range(start, self._size - start)
            data = self._tail[self._at - start :][:wanted]
        else:
            data = self._range(self._at, wanted)
        self._at += len(data)
        return data

    def _range(self, start: int, size: int) -> bytes:
        data = self._store.get_range(self._key, start, size) if size else b""
        if data is None:
            raise StoreError(f"{self._where} is gone")
        if len(data) != size:
            raise StoreError(f"{self._where} is damaged: it is not {self._size} bytes long")
        return data
