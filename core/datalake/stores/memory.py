"""A store that lives in this process: for tests, one-off runs and notebooks."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone

from attrs import define, field

from ..errors import Conflict
from .base import ABSENT, Entry, Stored
from .keys import check_key, check_prefix


@define(eq=False)
class MemoryStore:
    """Objects in a dictionary; gone with the process."""

    url: str = "memory:"
    _objects: dict[str, tuple[Stored, datetime]] = field(factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)
    _generations: Iterator[int] = field(factory=lambda: itertools.count(1), init=False, repr=False)

    def get(self, key: str, *, known: Entry | None = None) -> Stored | None:
        check_key(key)
        with self._lock:
            found = self._objects.get(key)
        return found[0] if found else None

    def get_range(self, key: str, start: int, size: int) -> bytes | None:
        found = self.get(key)
        return found.data[start : start + size] if found else None

    def put(self, key: str, data: bytes, metadata: Mapping[str, str], *, if_generation: str) -> str:
        check_key(key)
        with self._lock:
            self._expect(key, if_generation)
            generation = str(next(self._generations))
            stored = Stored(bytes(data), generation, metadata)
            self._objects[key] = stored, datetime.now(timezone.utc)
        return generation

    def list(self, prefix: str = "") -> Iterator[Entry]:
        check_prefix(prefix)
        with self._lock:
            found = sorted(item for item in self._objects.items() if item[0].startswith(prefix))
        for key, (stored, updated) in found:
            yield Entry(key, len(stored.data), stored.generation, updated, stored.metadata)

    def delete(self, key: str, *, if_generation: str | None = None) -> None:
        check_key(key)
        with self._lock:
            if key in self._objects and if_generation is not None:
                self._expect(key, if_generation)
            self._objects.pop(key, None)

    def _expect(self, key: str, generation: str) -> None:
        found = self._objects.get(key)
        current = found[0].generation if found else ABSENT
        if current != generation:
            raise Conflict(f"{self.url}{key} was written by somebody else in the meantime")
