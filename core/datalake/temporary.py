"""Files for what a run is at work on: on disk, so that memory does not grow with the universe."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from .errors import StoreError


@contextmanager
def nameless() -> Iterator[BinaryIO]:
    """A file without a name in the temporary folder: however the process ends, nothing is left.

    What could not be written is told by `writing` alone: the file's end has nothing to add.
    """
    with writing():
        file = tempfile.TemporaryFile()  # noqa: SIM115  # closed below, come what may
    try:
        yield file
    finally:
        with suppress(OSError):
            file.close()


@contextmanager
def writing() -> Iterator[None]:
    """Say what to do where the temporary folder cannot be written; a StoreError."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"a run needs room for what it is at work on, and the temporary folder has none "
            f"({error.strerror or error}): make some, or name another folder by TMPDIR"
        ) from error
