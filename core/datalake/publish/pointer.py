"""The pointer: one small object that says what is published, and what was before it.

Pointer and history are one object, swapped in one step, so that they can never disagree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from attrs import evolve, field, frozen

from ..stores import Store
from .layout import ASSETS, DATA, instant

KEY = "current.json"
FORMAT = 1
#: What a version's name is: the instant that it stands for, and what its files hold.
VERSION = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{16}")
KINDS = (DATA, ASSETS)
#: What reading a damaged document may raise.
DAMAGE = (
    *(ValueError, KeyError, TypeError, AttributeError, RecursionError, IndexError),
    OverflowError,  # of a number that is infinite, of an instant before the year 1
)


class NotOurs(Exception):
    """There is something in the pointer's place that we did not write, or cannot understand."""


@frozen
class File:
    """One file of a version."""

    sha256: str
    bytes: int


@frozen(kw_only=True)
class Entry:
    """One publication. `files` are by kind; `run_id` is None where no run of ours made them.

    `values` are how many known values each column has; empty where an older version published.
    `forced` is the reason for which the gate's refusals were passed over; `rollback_of` the version
    that this one took the place of again, for `rollback_reason`; `open_day` the day that is not
    over in it.
    """

    sequence: int
    version: str
    as_of: datetime
    published_at: datetime
    run_id: str | None
    rows: int
    assets: int
    files: Mapping[str, File]
    values: Mapping[str, int] = field(factory=dict)
    forced: str | None = None
    rollback_of: str | None = None
    rollback_reason: str | None = None
    warnings: Sequence[str] = ()
    open_day: date | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON has it; paths are relative to the pointer's folder."""
        return {
            "sequence": self.sequence,
            "version": self.version,
            "as_of": instant(self.as_of),
            "published_at": instant(self.published_at),
            "run_id": self.run_id,
            "rows": self.rows,
            "assets": self.assets,
            "values": dict(self.values),
            "files": {
                kind: {
                    "path": version_key(self.version, kind),
                    "sha256": file.sha256,
                    "bytes": file.bytes,
                }
                for kind, file in self.files.items()
            },
            "forced": self.forced,
            "rollback_of": self.rollback_of,
            "rollback_reason": self.rollback_reason,
            "warnings": list(self.warnings),
            "open_day": self.open_day.isoformat() if self.open_day else None,
        }


@frozen(kw_only=True)
class Pointer:
    """What is published: the first entry of the history, which goes from the newest to the oldest.

    `max_as_of` is the latest instant that anything published here ever stood for, rolled back or
    not: nothing older is published any more.
    """

    synthetic: bool
    max_as_of: datetime
    history: tuple[Entry, ...]

    @property
    def current(self) -> Entry:
        return self.history[0]

    def encode(self) -> bytes:
        """JSON for any reader: what is published on top, then the history."""
        document = {
            "format": FORMAT,
            "synthetic": self.synthetic,
            "max_as_of": instant(self.max_as_of),
            **self.current.plain(),
            "history": [entry.plain() for entry in self.history],
        }
        return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"


@frozen
class Keep:
    """How much history is kept: so many publications, and any that was the current one within
    `grace`, since a reader may just be reading it."""

    publications: int = 30
    grace: timedelta = timedelta(hours=1)


def follow(pointer: Pointer | None, entry: Entry, synthetic: bool, keep: Keep) -> Pointer:
    """The pointer after a publication; `entry.sequence` becomes the next number.

    Of the states of one open day only the last is kept: a refresh every few minutes would else
    push out of the history whatever is older than a few hours.
    """
    past = pointer.history if pointer else ()
    entry = evolve(entry, sequence=past[0].sequence + 1 if past else 1)
    history = [entry]
    for earlier in past:
        recent = entry.published_at - history[-1].published_at < keep.grace
        if len(history) >= keep.publications and not recent:
            break
        if recent or not _outdated(earlier, history[-1]):
            history.append(earlier)
    newest = max(entry.as_of, pointer.max_as_of) if pointer else entry.as_of
    return Pointer(synthetic=synthetic, max_as_of=newest, history=tuple(history))


def _outdated(earlier: Entry, later: Entry) -> bool:
    """Whether an entry only has an earlier state of the same open day; a rollback is remembered."""
    same = earlier.open_day is not None and earlier.open_day == later.open_day
    return same and not (earlier.rollback_of or later.rollback_of)


def version_key(version: str, kind: str) -> str:
    """Where in the store a version keeps a file."""
    return f"versions/{version}/{kind}.parquet"


def read(store: Store) -> tuple[Pointer | None, str, str]:
    """The pointer, its object's generation and, where it is damaged, what is wrong with it.

    Raises NotOurs for what we did not write.
    """
    found = store.get(KEY)
    if found is None:
        return None, "", ""
    try:
        return decode(found.data), found.generation, ""
    except DAMAGE as error:
        return None, found.generation, f"{type(error).__name__}: {error}"


def swap(store: Store, pointer: Pointer, generation: str) -> str:
    """Publish: the pointer takes the place of the one of that generation, or Conflict."""
    return store.put(KEY, pointer.encode(), {}, if_generation=generation)


def decode(data: bytes) -> Pointer:
    """The pointer that these bytes are. Raises NotOurs, and ValueError and its like for damage."""
    document = json.loads(data)
    if not isinstance(document, dict) or "format" not in document:
        raise NotOurs("a JSON document of somebody else's")
    if document["format"] != FORMAT:
        raise NotOurs("written by a newer version of datalake")
    history = [entry_of(one) for one in document["history"]]
    pointer = Pointer(
        synthetic=bool(document["synthetic"]),
        max_as_of=_instant(document["max_as_of"]),
        history=tuple(history),
    )
    if [document[name] for name in ("version", "sequence")] != [
        pointer.current.version,
        pointer.current.sequence,
    ]:
        raise ValueError("it names another version than its history")
    pointer.encode()  # what could not be written again is damaged, too
    return pointer


def entry_of(plain: Mapping[str, Any]) -> Entry:
    """An entry from its JSON; ValueError and its like for damage."""
    version = str(plain["version"])
    if not VERSION.fullmatch(version):
        raise ValueError(f"{version!r} is no version")
    return Entry(
        sequence=int(plain["sequence"]),
        version=version,
        as_of=_instant(plain["as_of"]),
        published_at=_instant(plain["published_at"]),
        run_id=plain["run_id"],
        rows=int(plain["rows"]),
        assets=int(plain["assets"]),
        files={
            kind: File(str(plain["files"][kind]["sha256"]), int(plain["files"][kind]["bytes"]))
            for kind in KINDS
        },
        values={str(name): int(count) for name, count in plain.get("values", {}).items()},
        forced=plain["forced"],
        rollback_of=plain["rollback_of"],
        rollback_reason=plain["rollback_reason"],
        warnings=[str(one) for one in plain["warnings"]],
        open_day=date.fromisoformat(opened) if (opened := plain.get("open_day")) else None,
    )


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"{text} is no instant in UTC")
    return moment
