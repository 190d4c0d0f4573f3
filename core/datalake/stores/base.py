"""What a store is: bytes by key, with metadata, a generation, and conditional writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Protocol

from attrs import field, frozen

#: The generation of an object that does not exist: `if_generation=ABSENT` creates, never replaces.
ABSENT = ""


@frozen
class Entry:
    """One object as a listing shows it."""

    key: str
    size: int
    generation: str
    updated: datetime
    metadata: Mapping[str, str] = field(factory=dict)


@frozen
class Stored:
    """One object, whole."""

    data: bytes
    generation: str
    metadata: Mapping[str, str] = field(factory=dict)


class Store(Protocol):
    """Bytes by key. Keys are `/`-separated and relative; a generation is opaque and changes with
    every write. All methods raise StoreError when the store itself fails, ReadOnly where it may be
    read but not written; they are safe to call from several threads and processes.

    A store that can read a part of an object may offer `get_range(key, start, size)` beside these:
    the bytes, fewer only at the object's end, or None where there is none. Then who reads one asset
    of a published file downloads only its part."""

    @property
    def url(self) -> str:
        """Where this is, as the user would write it; no secrets."""

    def get(self, key: str, *, known: Entry | None = None) -> Stored | None:
        """The whole object as it is now, or None where there is none.

        With `known`, an entry of an earlier listing, the object as that listing saw it will do,
        too: a store may spare requests by that, or ignore it.
        """

    def put(self, key: str, data: bytes, metadata: Mapping[str, str], *, if_generation: str) -> str:
        """Write the object if its generation is still the given one, and return the new one.

        Raises Conflict otherwise. `ABSENT` means: only if there is none yet.
        """

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """All objects whose key begins with the prefix, in key order."""

    def delete(self, key: str, *, if_generation: str | None = None) -> None:
        """Remove the object; nothing happens where there is none."""
