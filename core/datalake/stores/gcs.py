"""A store in a Google Cloud Storage bucket, shared by whoever may read or write there.

Google's client has traps for a store that several writers share: it repeats writes whose answer
was lost, resumes downloads of objects that were replaced meanwhile, and believes ranges without a
checksum. All of them are dealt with here, and nothing above knows of them.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define, field

from ..errors import Conflict, ReadOnly, StoreError
from .base import ABSENT, Entry, Stored
from .gcs_errors import ERRORS, about, cut, denied, exhausted, gone, outdated
from .keys import check_key, check_prefix

if TYPE_CHECKING:
    from google.cloud.storage import Blob, Bucket

log = logging.getLogger(__name__)
T = TypeVar("T")

#: An object metadata entry that tells one write from all others; readers of a store never see it.
TOKEN = "datalake-write"  # noqa: S105  # it is no secret
#: Fresh reads of an object that is replaced while it is read, or that arrives damaged.
READS = 20
#: Reads of one state that arrive damaged, until the wire is taken to be what damages them.
DAMAGED_READS = 5
#: A bucket that did not answer for a whole patience is left alone for so many seconds, and then
#: given this much patience: a run goes on without it, and notices when it is back.
PAUSE, LESS_PATIENCE = 10.0, 1.0
#: Seconds to connect, and between two pieces of an answer.
TIMEOUT = (5.0, 30.0)
FIELDS = "items(name,size,generation,updated,metadata),nextPageToken"


class _Replaced(Exception):
    """The generation is not the object's present one any more."""


class _Damaged(Exception):
    """What arrived is not what was stored."""


@define(eq=False)
class GcsStore:
    """Objects below `prefix` in a bucket; `connect` makes the bucket's handle on first use.

    Each request is tried again for `patience` seconds. All that is written is written on the
    condition that the object is still what the writer knows, so that trying again is safe.
    """

    bucket: str
    prefix: str
    connect: Callable[[str], Bucket] = field(repr=False)
    patience: float = 60.0
    _told: set[str] = field(factory=set, init=False, repr=False)
    _silent: tuple[float, BaseException] | None = field(default=None, init=False, repr=False)

    @property
    def url(self) -> str:
        return f"gs://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def _how(self) -> Mapping[str, Any]:
        from google.cloud.storage.retry import DEFAULT_RETRY

        patience = min(LESS_PATIENCE, self.patience) if self._silent else self.patience
        return {"timeout": TIMEOUT, "retry": DEFAULT_RETRY.with_timeout(patience)}

    @cached_property
    def _handle(self) -> Bucket:
        return self._plainly("", lambda: self.connect(self.bucket))

    def get(self, key: str, *, known: Entry | None = None) -> Stored | None:
        name = self._name(key)
        if known is not None:
            with suppress(_Replaced, _Damaged):
                data = self._plainly(key, lambda: self._data(name, known.generation))
                return Stored(data, known.generation, known.metadata)
        return self._plainly(key, lambda: self._read(name))

    def get_range(self, key: str, start: int, size: int) -> bytes | None:
        name = self._name(key)
        return self._plainly(key, lambda: self._some(name, start, size))

    def put(self, key: str, data: bytes, metadata: Mapping[str, str], *, if_generation: str) -> str:
        name, token = self._name(key), secrets.token_hex(8)
        blob = self._handle.blob(name)
        blob.metadata = {**metadata, TOKEN: token}
        # else Google's caches serve what anybody may read for an hour after it was replaced
        blob.cache_control = "no-cache"

        def upload() -> str:
            blob.upload_from_string(
                data,
                content_type="application/octet-stream",
                if_generation_match=_number(if_generation),
                checksum="auto",
                **self._how,
            )
            return str(blob.generation)

        try:
            return self._plainly(key, upload, writing=True)
        except Conflict:
            # a try whose answer was lost may have been ours
            now = self._plainly(key, lambda: self._state(name))
            if now is not None and (now.metadata or {}).get(TOKEN) == token:
                return str(now.generation)
            raise

    def list(self, prefix: str = "") -> Iterator[Entry]:
        check_prefix(prefix)
        found = self._plainly(prefix, lambda: self._pages(self.prefix + prefix))
        while (blobs := self._plainly(prefix, lambda: next(found, None))) is not None:
            for blob in blobs:
                key = blob.name[len(self.prefix) :]
                if not key.endswith("/") and self._is_key(key):
                    generation, plain = str(blob.generation), _plain(blob)
                    yield Entry(key, int(blob.size or 0), generation, blob.updated, plain)

    def delete(self, key: str, *, if_generation: str | None = None) -> None:
        name = self._name(key)
        for _ in range(READS):
            generation = if_generation
            if generation is None:
                now = self._plainly(key, lambda: self._state(name))
                if now is None:
                    return
                generation = str(now.generation)
            try:
                self._remove(key, name, generation)
                return
            except Conflict:
                if if_generation is not None:
                    raise
        raise Conflict(f"{self.url}/{key} is being written all the time")

    def _remove(self, key: str, name: str, generation: str) -> None:
        blob = self._handle.blob(name)

        def remove() -> None:
            try:
                blob.delete(if_generation_match=_number(generation), **self._how)
            except ERRORS() as error:
                if not gone(error):  # perhaps by our own try, whose answer was lost
                    raise

        self._plainly(key, remove, writing=True)

    def _name(self, key: str) -> str:
        return self.prefix + check_key(key)

    def _state(self, name: str) -> Blob | None:
        """The object's metadata and generation as they are now."""
        blob = self._handle.blob(name)
        try:
            blob.reload(**self._how)
        except ERRORS() as error:
            if gone(error):
                return None
            raise
        return blob

    def _read(self, name: str) -> Stored | None:
        """Metadata and data of one state; where it is replaced in between, of the next one."""
        damaged: dict[str, int] = {}
        for _ in range(READS):
            state = self._state(name)
            if state is None:
                return None
            generation = str(state.generation)
            try:
                return Stored(self._data(name, generation), generation, _plain(state))
            except _Replaced:
                continue
            except _Damaged:
                damaged[generation] = damaged.get(generation, 0) + 1
                if damaged[generation] == DAMAGED_READS:
                    # a bucket takes in nothing whose checksum does not hold: what lies there is
                    # whole, so it must not be taken for none and replaced
                    raise StoreError(
                        f"gs://{self.bucket}/{name} arrives damaged each time; check the network "
                        "(a proxy that changes what it passes on?)"
                    ) from None
        raise StoreError(f"gs://{self.bucket}/{name} is written all the time")

    def _data(self, name: str, generation: str) -> bytes:
        """All bytes of that generation, if it is there and they arrive whole."""
        from google.cloud.storage.exceptions import DataCorruption

        blob = self._handle.blob(name)
        try:
            data: bytes = blob.download_as_bytes(
                if_generation_match=_number(generation),
                raw_download=True,
                checksum="auto",
                **self._how,
            )
        except DataCorruption:
            raise _Damaged from None
        except ERRORS() as error:
            if gone(error) or outdated(error):
                raise _Replaced from None
            if cut(error):
                raise _Damaged from None
            raise
        if str(blob.generation) != generation:
            raise _Damaged  # no bucket answered, but something on the way
        return data

    def _some(self, name: str, start: int, size: int) -> bytes | None:
        try:
            data: bytes = self._handle.blob(name).download_as_bytes(
                start=start,
                end=start + size - 1,
                raw_download=True,
                checksum=None,  # of a part there is none
                **self._how,
            )
        except ERRORS() as error:
            if gone(error):
                return None
            raise
        return data

    def _pages(self, prefix: str) -> Iterator[Any]:
        found = self._handle.client.list_blobs(
            self._handle, prefix=prefix, fields=FIELDS, **self._how
        )
        return iter(found.pages)

    def _is_key(self, key: str) -> bool:
        try:
            check_key(key)
        except StoreError as error:
            if key not in self._told:
                self._told.add(key)
                log.warning("%s: an object there is left alone: %s", self.url, error)
            return False
        return True

    def _plainly(self, key: str, call: Callable[[], T], *, writing: bool = False) -> T:
        """Make a call; what goes wrong becomes a StoreError that a reader can act on."""
        caught: BaseException
        silent = self._silent
        if silent and time.monotonic() - silent[0] < PAUSE:
            caught = silent[1]
        else:
            try:
                done = call()
            except StoreError:
                raise
            except ERRORS() as error:
                caught = error
                if exhausted(error):
                    self._silent = time.monotonic(), error
            else:
                self._silent = None
                return done
        if writing and outdated(caught):
            raise Conflict(f"{self.url}/{key} was written by somebody else in the meantime")
        kind = ReadOnly if writing and denied(caught) else StoreError
        raise kind(about(caught, self.bucket, f"{self.url}/{key}".rstrip("/"), writing=writing))


def _number(generation: str) -> int:
    if generation == ABSENT:
        return 0
    try:
        return int(generation)
    except ValueError:
        raise Conflict(f"{generation!r} is no generation of this store") from None


def _plain(blob: Blob) -> dict[str, str]:
    return {name: value for name, value in (blob.metadata or {}).items() if name != TOKEN}
