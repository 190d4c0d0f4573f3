"""A remote store with a local folder of what was downloaded from it, each by its generation."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from attrs import field, frozen

from ..errors import StoreError
from .base import Entry, Store, Stored

log = logging.getLogger(__name__)

#: Downloads at once: what a bucket serves well, and what Python has the time for.
AT_ONCE = 32
#: When the folder is full, it is emptied to this part of its limit, the longest unused first.
KEPT = 0.9
#: For so many seconds after an object was marked as used it is not marked again.
MARKED_FOR = 3600.0
TEMPORARY = ".tmp-"


@frozen
class MirroredStore:
    """`store`, read through `folder`, which holds `limit` bytes at most.

    What a listing says is believed: an object of a listed generation that is in the folder makes
    no request. The folder may be shared by processes and by stores, and be deleted at any time; a
    folder that cannot be used costs only what it saves.
    """

    store: Store
    folder: Path
    limit: int
    _broken: threading.Event = field(factory=threading.Event, init=False, repr=False)
    _telling: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    @property
    def url(self) -> str:
        return self.store.url

    def get(self, key: str, *, known: Entry | None = None) -> Stored | None:
        if known is not None:
            data = self._mirrored(key, known.generation)
            if data is not None:
                return Stored(data, known.generation, known.metadata)
        found = self.store.get(key, known=known)
        if found is not None:
            self._keep(key, found.generation, found.data)
        return found

    def put(self, key: str, data: bytes, metadata: Mapping[str, str], *, if_generation: str) -> str:
        generation = self.store.put(key, data, metadata, if_generation=if_generation)
        self._keep(key, generation, data)
        return generation

    def list(self, prefix: str = "") -> Iterator[Entry]:
        return self.store.list(prefix)

    def delete(self, key: str, *, if_generation: str | None = None) -> None:
        self.store.delete(key, if_generation=if_generation)

    def warm(self, entries: Sequence[Entry]) -> None:
        """Download, several at once, what is not here yet; what fails is left to a later `get`."""
        missing = [entry for entry in entries if not self._has(entry)]
        if not missing or self._broken.is_set():
            return
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mirror") as pool:
            try:
                for _ in pool.map(self._bring, missing):
                    pass
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        self._trim()

    def _bring(self, entry: Entry) -> None:
        if not self._broken.is_set():
            with suppress(StoreError):
                self.get(entry.key, known=entry)

    def _path(self, key: str) -> Path:
        name = hashlib.sha256(f"{self.url}\0{key}".encode()).hexdigest()[:40]
        return self.folder.joinpath(name[:2], name[2:])

    def _has(self, entry: Entry) -> bool:
        """Whether it seems to be here; `get` looks closer."""
        try:
            with self._path(entry.key).open("rb") as file:
                return file.readline(200).split(b" ")[0] == entry.generation.encode()
        except OSError:
            return False

    def _mirrored(self, key: str, generation: str) -> bytes | None:
        path = self._path(key)
        try:
            with path.open("rb", buffering=0) as file:
                used = os.fstat(file.fileno()).st_mtime
                head, _, data = file.read().partition(b"\n")
        except OSError:
            return None
        if head != _head(generation, data):
            return None
        if time.time() - used > MARKED_FOR:
            with suppress(OSError):
                os.utime(path)
        return data

    def _keep(self, key: str, generation: str, data: bytes) -> None:
        """Take the place of any older generation, at once or not at all."""
        if self._broken.is_set() or len(data) > self.limit:
            return
        path = self._path(key)
        content = _head(generation, data) + b"\n" + data
        try:
            try:
                _replace(path, content)
            except FileNotFoundError:
                path.parent.mkdir(parents=True, exist_ok=True)
                _replace(path, content)
        except OSError as error:
            with self._telling:
                first = not self._broken.is_set()
                self._broken.set()
            if first:
                log.warning(
                    "the mirror %s cannot be used, so nothing is kept there: %s",
                    self.folder,
                    error.strerror or error,
                )

    def _trim(self) -> None:
        """Make room; what killed writers left goes, too, for it is never used."""
        found: list[tuple[float, int, Path]] = []
        with suppress(OSError):
            for path in self.folder.glob("??/*"):
                stat = path.stat()
                found.append((stat.st_mtime, stat.st_size, path))
        size = sum(one[1] for one in found)
        if size <= self.limit:
            return
        for _, bytes_, path in sorted(found):
            with suppress(OSError):
                path.unlink()
            size -= bytes_
            if size <= self.limit * KEPT:
                return


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f"{TEMPORARY}{secrets.token_hex(8)}")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _head(generation: str, data: bytes) -> bytes:
    # a disk's accidents are all that this is about: whoever reads checks the content by its sha256
    return f"{generation} {len(data)} {zlib.crc32(data):08x}".encode()
