"""Local files that are replaced at once: a reader sees the old one or the new one, whole."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the output alone, from the look at what is published to its replacement.

    The lock is a file beside the output that stays; the system lets go of it when we die.
    """
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def replace(path: Path, data: bytes) -> None:
    """Put the bytes at the path in one step; see `replacing`. Call it inside `exclusive`."""
    with replacing(path) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the path's place in one step at the end, if all went well: safe
    against a crash of process or machine.

    A link is followed; an existing file's permissions are kept.
    """
    path = path.resolve()
    sweep(path)
    temporary = _temporary(path, secrets.token_hex(4))
    try:
        with temporary.open("xb") as file:
            if path.exists():
                os.fchmod(file.fileno(), path.stat().st_mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def probe(path: Path) -> None:
    """Write and remove a file where the path's temporary one would be; OSError where that fails.

    Folders that do not exist yet are not made: the nearest one that does is tried.
    """
    path = path.resolve()
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    attempt = _temporary(folder / path.name, secrets.token_hex(4))
    attempt.touch(exist_ok=False)
    attempt.unlink()


def sweep(path: Path) -> None:
    """Remove what a crash left of the path's replacements; call it inside `exclusive`."""
    path = path.resolve()
    for leftover in path.parent.glob(_temporary(Path(glob.escape(path.name)), "*").name):
        leftover.unlink(missing_ok=True)


def _temporary(path: Path, unique: str) -> Path:
    return path.with_name(f".{path.name}.{unique}.tmp")


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
