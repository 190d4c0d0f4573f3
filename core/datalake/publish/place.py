"""Where an output lies: files of fixed names, and beside them a store for pointer and versions."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Protocol

from attrs import frozen

from ..errors import ConfigError, Conflict, StoreError
from ..stores import ABSENT, Store, open_store
from ..stores.local import LocalStore
from ..stores.opening import open_local, open_memory
from . import files
from .layout import ASSETS, DATA

_SUFFIX = ".parquet"
_SHA256 = "sha256"
#: Where the check whether a place can be written writes.
PROBES = "probe/"


@frozen
class State:
    """What a fixed name holds, without its bytes; `sha256` is None where that is not known."""

    generation: str = ABSENT
    sha256: str | None = None


#: Nothing lies under that name.
NOTHING = State()


class Place(Protocol):
    """One output. Its methods raise OSError or StoreError where the place itself fails."""

    @property
    def url(self) -> str:
        """The data file, as the user would write it."""

    @property
    def name(self) -> str:
        """The last part of it."""

    @property
    def store(self) -> Store:
        """Where pointer and versions are."""

    def turn(self) -> AbstractContextManager[None]:
        """Publishers take turns, where the place can make them; correctness needs no turns."""

    def state(self, name: str) -> State:
        """What the file beside (or the data file itself) is now."""

    def read(self, name: str) -> bytes | None:
        """All of it; None where there is none. ConfigError for what is no file."""

    def write(self, name: str, data: bytes, over: State) -> None:
        """Replace it in one step; Conflict where it is not any more what the state says."""

    def remove(self, name: str) -> None:
        """Remove a file that may not exist."""

    def where(self, name: str) -> str:
        """How a user would write that file."""

    def probe(self) -> None:
        """Write and remove something; ConfigError where there is no room for a report."""


def open_place(
    output: str | Path,
    openers: Mapping[str, Callable[[str], Store]],
    environment: Mapping[str, str],
) -> Place:
    """The place of an output: a local path, or a file in a store by its URL.

    `openers` are those that plugins bring. Raises ConfigError for what names no file; nothing is
    asked of a remote place yet.
    """
    url = str(output)
    if url.lower().startswith("file:"):
        return _local(url, open_local(url).root)
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", url):
        return _local(url, Path(url))
    if url.lower().startswith("memory:"):
        return _in_memory(url)
    folder, _, name = url.rpartition("/")
    if not name.endswith(_SUFFIX) or name == _SUFFIX or folder.endswith((":", ":/")):
        raise ConfigError(
            f"output {url} names no file: write it like gs://bucket/folder/{DATA}{_SUFFIX}"
        )
    try:
        store = open_store(folder, openers, environment)
        versions = open_store(f"{folder}/{published_name(name)}", openers, environment)
    except ConfigError as error:
        raise ConfigError(f"output {url}: {error}") from error
    return StorePlace(url, name, store, versions)


def _local(url: str, path: Path) -> LocalPlace:
    if not path.name or url.endswith(("/", os.sep)):  # a path drops the slash that means a folder
        example = path / f"{DATA}{_SUFFIX}"
        raise ConfigError(
            f"output {url or '(empty)'} is a folder: name the file in it, such as {example}"
        )
    return LocalPlace(path)


def _in_memory(url: str) -> StorePlace:
    """For whoever wants the rows and no file; gone with the process."""
    name = url.partition(":")[2].lstrip("/")
    if not name.endswith(_SUFFIX) or "/" in name or name == _SUFFIX:
        raise ConfigError(f"output {url} names no file: write it like memory:{DATA}{_SUFFIX}")
    return StorePlace(url, name, open_memory("memory:"), open_memory("memory:"))


@frozen
class LocalPlace:
    """Plain files in a folder. Links are followed and permissions kept; pointer and versions lie
    beside the file itself, wherever a link to it may be."""

    path: Path

    @property
    def url(self) -> str:
        return str(self.path)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def store(self) -> LocalStore:
        real = self.path.resolve()
        return LocalStore(real.with_name(published_name(real.name)))

    @contextmanager
    def turn(self) -> Iterator[None]:
        with files.exclusive(self.path):
            for name in fixed_names(self.name):
                files.sweep(self.path.with_name(name))
            yield
            for folder in self.store.root.glob("versions/*"):
                with suppress(OSError):  # one that is empty is that of a version that was removed
                    folder.rmdir()

    def state(self, name: str) -> State:
        data = self.read(name)
        if data is None:
            return State()
        digest = hashlib.sha256(data).hexdigest()
        return State(digest, digest)

    def read(self, name: str) -> bytes | None:
        path = self._file(name)
        return path.read_bytes() if path.exists() else None

    def _file(self, name: str) -> Path:
        path = self.path.with_name(name)
        if path.exists() and not path.is_file():
            raise taken(self, name, "a folder" if path.is_dir() else "not a regular file")
        return path

    def write(self, name: str, data: bytes, over: State) -> None:
        if self.state(name) != over:
            raise Conflict(f"{self.where(name)} was written by somebody else in the meantime")
        files.replace(self.path.with_name(name), data)

    def remove(self, name: str) -> None:
        self.path.with_name(name).resolve().unlink(missing_ok=True)

    def where(self, name: str) -> str:
        return str(self.path.parent / name)

    def probe(self) -> None:
        files.probe(self.path)
        self._file(report_name(self.name))  # nobody looks at it before it is written
        folder = self.store.root
        if folder.exists():
            files.probe(folder / PROBES)


@frozen
class StorePlace:
    """Objects in a store, such as a bucket; `files` holds those of fixed names."""

    url: str
    name: str
    files: Store
    store: Store

    def turn(self) -> AbstractContextManager[None]:
        return nullcontext()

    def state(self, name: str) -> State:
        for entry in self.files.list(name):
            if entry.key == name:
                return State(entry.generation, entry.metadata.get(_SHA256))
        return State()

    def read(self, name: str) -> bytes | None:
        found = self.files.get(name)
        return found.data if found else None

    def write(self, name: str, data: bytes, over: State) -> None:
        metadata = {_SHA256: hashlib.sha256(data).hexdigest()}
        self.files.put(name, data, metadata, if_generation=over.generation)

    def remove(self, name: str) -> None:
        self.files.delete(name)

    def where(self, name: str) -> str:
        return f"{self.url[: -len(self.name)]}{name}"

    def probe(self) -> None:
        key = f"{PROBES}{os.urandom(8).hex()}"
        self.store.put(key, b"", {}, if_generation=ABSENT)
        self.store.delete(key)


def assets_name(name: str) -> str:
    """The assets file beside a data file."""
    return ASSETS + _SUFFIX if name == DATA + _SUFFIX else _beside(name, "assets" + _SUFFIX)


def candidate_name(name: str) -> str:
    """Where a candidate is kept that was refused."""
    return _beside(name, "candidate" + _SUFFIX)


def report_name(name: str) -> str:
    """The report of the last run."""
    return _beside(name, "report.json")


def fixed_names(name: str) -> tuple[str, ...]:
    """All that is written beside a data file, and the file itself."""
    return name, assets_name(name), candidate_name(name), report_name(name)


def published_name(name: str) -> str:
    """The folder of pointer and versions."""
    return _beside(name, "published")


def _beside(name: str, what: str) -> str:
    return f"{name.removesuffix(_SUFFIX)}.{what}"


def taken(place: Place, name: str, what: str) -> ConfigError:
    """Something lies there that is not ours."""
    where = place.where(name)
    if what == "a folder" and name == place.name:
        example = f"{where}/{DATA}{_SUFFIX}"
        return ConfigError(f"output {where} is a folder: name the file in it, such as {example}")
    return ConfigError(
        f"output {where} is taken by something that datalake did not publish ({what}): "
        "choose another place with --output, or move that away"
    )


def in_words(error: OSError | StoreError) -> str:
    """What the place said."""
    return (isinstance(error, OSError) and error.strerror) or str(error)
