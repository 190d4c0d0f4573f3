"""A store in a local folder: each object a plain file that any tool can read."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from attrs import field, frozen

from ..errors import Conflict, ReadOnly, StoreError
from . import sidecar
from .base import ABSENT, Entry, Stored
from .keys import check_key, check_prefix
from .sidecar import Version

P = ParamSpec("P")
T = TypeVar("T")

#: A temporary file this old belongs to a writer that was killed.
LEFTOVER_SECONDS = 3600.0
TEMPORARY = ".tmp-"
#: Writers of different keys seldom wait for each other, and a lake of any size has few lock files.
LOCK_FILES = 256
#: What the system says where it may be read and not written.
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def _plainly(method: Callable[P, T]) -> Callable[P, T]:
    """Say what the operating system refused, and what can be done about it."""

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except OSError as error:
            root = getattr(args[0], "root", Path())
            writing = method.__name__ in ("put", "delete")
            # a folder that is not there and cannot be made is a mistake, no way to work
            kind = ReadOnly if writing and error.errno in REFUSED and root.is_dir() else StoreError
            where = error.filename or root
            raise kind(f"{where}: {error.strerror or error}; {_advice(error)}") from error

    return call


def _advice(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "give this user access to the folder, or choose another one"
    if isinstance(error, (NotADirectoryError, FileExistsError, IsADirectoryError)):
        return "a file and a folder are in each other's place there: move it, or choose another one"
    return "check that the disk is there, writable and not full, or choose another folder"


def _absolute(path: Path | str) -> Path:
    return Path(path).expanduser().absolute()


@frozen
class LocalStore:
    """Objects as files below `root`, which comes into being with the first write.

    Beside each lies a hidden sidecar (see `sidecar`). Readers need no lock; writers of one key
    take turns by `flock`, which the system frees when a process dies.
    """

    root: Path = field(converter=_absolute)

    @property
    def url(self) -> str:
        return f"file://{self.root}"

    @_plainly
    def get(self, key: str, *, known: Entry | None = None) -> Stored | None:
        path = self._path(key)
        found = _read(path)
        if found is None:
            self._check_root()
        return Stored(found[0], found[1].generation, found[1].metadata) if found else None

    @_plainly
    def get_range(self, key: str, start: int, size: int) -> bytes | None:
        try:
            with self._path(key).open("rb") as file:
                file.seek(start)
                return file.read(size)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            self._check_root()
            return None

    @_plainly
    def put(self, key: str, data: bytes, metadata: Mapping[str, str], *, if_generation: str) -> str:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent, [child.name for child in path.parent.iterdir()])
        with self._locked(key), _temporary(path.parent) as fresh:
            current = self._expect(path, if_generation)
            _write(fresh, data)
            new = Version(
                sha256=hashlib.sha256(data).hexdigest(),
                size=len(data),
                stamp=fresh.stat().st_mtime_ns,
                generation=secrets.token_hex(8),
                metadata=dict(metadata),
            )
            with _temporary(path.parent) as note:
                _write(note, sidecar.encode([new, *current]))
                note.replace(sidecar.sidecar_of(path))
            fresh.replace(path)
            _sync_folder(path.parent)
        return new.generation

    def list(self, prefix: str = "") -> Iterator[Entry]:
        check_prefix(prefix)
        for key in self._keys(prefix):
            entry = self._entry(key)
            if entry is not None:
                yield entry

    @_plainly
    def delete(self, key: str, *, if_generation: str | None = None) -> None:
        path = self._path(key)
        if not path.is_file():
            return
        with self._locked(key):
            if if_generation is not None and path.is_file():
                self._expect(path, if_generation)
            path.unlink(missing_ok=True)
            sidecar.sidecar_of(path).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def _check_root(self) -> None:
        if self.root.exists() and not self.root.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "this is a file, not a folder", str(self.root))

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % LOCK_FILES
        path = self.root / ".locks" / f"{number:02x}"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _expect(self, path: Path, generation: str) -> Sequence[Version]:
        """The current version (none or one) if it has that generation; only under the lock."""
        found = _read(path)
        if (found[1].generation if found else ABSENT) != generation:
            raise Conflict(f"{path} was written by somebody else in the meantime")
        return [found[1]] if found else []

    @_plainly
    def _keys(self, prefix: str) -> Sequence[str]:
        self._check_root()
        top = self.root / prefix.rpartition("/")[0]
        keys = []
        for folder, folders, names in os.walk(top, onerror=_unless_missing):
            folders[:] = [name for name in folders if not name.startswith(".")]
            _sweep(Path(folder), names)
            within = Path(folder).relative_to(self.root).as_posix()
            lead = "" if within == "." else f"{within}/"
            keys += [lead + name for name in names if not name.startswith(".")]
        return sorted(key for key in keys if key.startswith(prefix))

    @_plainly
    def _entry(self, key: str) -> Entry | None:
        path = self.root / key
        try:
            stat = path.stat()
        except FileNotFoundError:
            return None
        version = next((v for v in _noted(path) if v.looks_like(stat)), None)
        if version is None:
            found = _read(path)
            if found is None:
                return None
            version = found[1]
        updated = datetime.fromtimestamp(stat.st_mtime, timezone.utc)
        return Entry(key, stat.st_size, version.generation, updated, version.metadata)


def _read(path: Path) -> tuple[bytes, Version] | None:
    """Data and the version they are. A writer may swap both files between our two reads; a misfit
    that is still the same on a second look is damage, or somebody else's file."""
    before: tuple[list[Version], Version] | None = None
    while True:
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        versions = _noted(path)
        version = sidecar.match(versions, data)
        if version is not None:
            return data, version
        unknown = sidecar.foreign(data)
        if before == (versions, unknown):
            return data, unknown
        before = versions, unknown


def _noted(path: Path) -> list[Version]:
    try:
        return sidecar.decode(sidecar.sidecar_of(path).read_bytes())
    except FileNotFoundError:
        return []


@contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    path = folder / f"{TEMPORARY}{secrets.token_hex(8)}"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new names outlive a power cut; some network drives cannot, and lose only that."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _sweep(folder: Path, names: list[str]) -> None:
    """Remove what killed writers left here."""
    for name in names:
        if name.startswith(TEMPORARY):
            with suppress(OSError):
                path = folder / name
                if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
                    path.unlink()


def _unless_missing(error: OSError) -> None:
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error
