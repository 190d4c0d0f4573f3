"""Files that belong together, in a folder whose name follows from what is in them.

A page that is open goes on reading the edition that it began with, whatever is written meanwhile.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from typing import Any

from attrs import define, field

_STAGED = ".new-"
_NAME = re.compile(r"[0-9a-f]{16}")


@define
class Edition:
    """One edition, written aside until it is settled; `folder` is where it lies."""

    folder: Path
    _digest: Any = field(factory=sha256)

    @property
    def name(self) -> str:
        """That of its folder."""
        return self.folder.name

    def add(self, name: str, data: bytes) -> dict[str, Any]:
        """Write a file; `path` (from the edition's folder), `bytes` and `sha256` are returned."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        found = sha256(data).hexdigest()
        self._digest.update(f"{name} {found}\n".encode())
        return {"path": name, "bytes": len(data), "sha256": found}

    def settle(self, document: bytes) -> None:
        """Take the name that follows from the files and a document about them. There may be an
        edition of that name already: then it is the same."""
        self._digest.update(document)
        settled = self.folder.with_name(self._digest.hexdigest()[:16])
        if settled.is_dir():
            shutil.rmtree(self.folder)
        else:
            self.folder.rename(settled)
        self.folder = settled


def begin(data: Path) -> Edition:
    """A new edition among those that lie in a folder; what a killed export left is removed."""
    data.mkdir(parents=True, exist_ok=True)
    for left in data.glob(f"{_STAGED}*"):
        shutil.rmtree(left, ignore_errors=True)
    return Edition(data / f"{_STAGED}{secrets.token_hex(4)}")


def forget(data: Path, keep: Collection[str | None]) -> None:
    """Remove the editions that no page is told of any more."""
    for one in data.iterdir():
        if _NAME.fullmatch(one.name) and one.name not in keep:
            shutil.rmtree(one, ignore_errors=True)
