"""What a plain file cannot hold of an object, kept beside it: metadata, sha256 and generation.

A write puts the sidecar down first, naming the new version and the one before it, and then swaps
the data. Whichever of the two the data turns out to be is the current one, so a writer killed
between the steps leaves the old object whole.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import asdict, field, frozen

from .keys import LONGEST_PART


@frozen
class Version:
    """One state of an object. `stamp` is its file's mtime in ns: equal size and stamp spare a
    listing the reading of the data."""

    sha256: str
    size: int
    stamp: int
    generation: str
    metadata: Mapping[str, str] = field(factory=dict)

    def looks_like(self, stat: os.stat_result) -> bool:
        return (self.size, self.stamp) == (stat.st_size, stat.st_mtime_ns)


def sidecar_of(path: Path) -> Path:
    """The hidden file beside the data; a name too long for that is hashed."""
    name = f".{path.name}.meta"
    if len(os.fsencode(name)) > LONGEST_PART:
        name = f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()}.meta"
    return path.with_name(name)


def encode(versions: list[Version]) -> bytes:
    """The sidecar's content, newest version first."""
    return json.dumps([asdict(version) for version in versions], indent=1).encode()


def decode(content: bytes) -> list[Version]:
    """The versions it names; none where it is damaged, for the data then stand for themselves."""
    try:
        return list(_versions(json.loads(content)))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def _versions(items: Any) -> Iterator[Version]:
    for item in items:
        yield Version(
            sha256=str(item["sha256"]),
            size=int(item["size"]),
            stamp=int(item["stamp"]),
            generation=str(item["generation"]),
            metadata={str(name): str(value) for name, value in item["metadata"].items()},
        )


def match(versions: list[Version], data: bytes) -> Version | None:
    """The version that these bytes are; None where the sidecar tells of others."""
    digest = hashlib.sha256(data).hexdigest()
    return next((version for version in versions if version.sha256 == digest), None)


def foreign(data: bytes) -> Version:
    """How bytes without a fitting sidecar are shown: no metadata, a generation of their own."""
    digest = hashlib.sha256(data).hexdigest()
    return Version(sha256=digest, size=len(data), stamp=0, generation=f"sha256-{digest}")
