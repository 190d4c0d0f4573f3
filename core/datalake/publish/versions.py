"""Versions: what was published, for good, under names that follow from the content."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone

from attrs import evolve

from ..errors import Conflict, StoreError
from ..stores import ABSENT, Store
from .layout import ASSETS, DATA
from .place import PROBES
from .pointer import DAMAGE, KINDS, VERSION, Entry, File, Pointer, entry_of, version_key
from .published import Published, look

log = logging.getLogger(__name__)

#: What is ours to remove: a version's files, and what a killed run left of its check.
_OURS = re.compile(
    rf"versions/({VERSION.pattern})/(?:{DATA}\.parquet|{ASSETS}\.parquet|report\.json)"
    rf"|{PROBES}[0-9a-f]+"
)
_ENTRY = "entry"


def version_name(as_of: datetime, files: Mapping[str, bytes]) -> str:
    """The name of a version that holds these files: when it is as of, and a digest of them."""
    digest = hashlib.sha256()
    for kind in (DATA, ASSETS):
        digest.update(hashlib.sha256(files[kind]).digest())
    return f"{as_of.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}-{digest.hexdigest()[:16]}"


def report_key(version: str) -> str:
    """Where a version keeps the report of the run that made it."""
    return f"versions/{version}/report.json"


def describe(files: Mapping[str, bytes]) -> dict[str, File]:
    """What the pointer says of a version's files."""
    return {kind: File(hashlib.sha256(data).hexdigest(), len(data)) for kind, data in files.items()}


def put(store: Store, entry: Entry, files: Mapping[str, bytes]) -> None:
    """Write a version; whatever lies under its name is the same, or damaged, or about to be swept.

    The data file goes last and says in its metadata what it is, so that the history can be made
    again from the versions alone.
    """
    note = json.dumps(evolve(entry, warnings=()).plain())  # metadata must be small
    for kind in (ASSETS, DATA):
        key = version_key(entry.version, kind)
        metadata = {"sha256": entry.files[kind].sha256, **({_ENTRY: note} if kind == DATA else {})}
        try:
            store.put(key, files[kind], metadata, if_generation=ABSENT)
        except Conflict:
            lying = next((one for one in store.list(key) if one.key == key), None)
            generation = lying.generation if lying else ABSENT
            with suppress(Conflict):  # then somebody else has just written the same
                store.put(key, files[kind], metadata, if_generation=generation)


def read(store: Store, entry: Entry, kind: str) -> bytes | None:
    """A version's file; None where it is missing or not what the pointer says."""
    found = store.get(version_key(entry.version, kind))
    if found is None or hashlib.sha256(found.data).hexdigest() != entry.files[kind].sha256:
        return None
    return found.data


def rebuild(store: Store, synthetic: bool, copy: str | None) -> Pointer | None:
    """A pointer from the versions that lie there; None where there are none.

    It knows nothing of rollbacks, and for each version only the first time that it was published.
    The current one is that of which the data file's copy is, by its sha256; else the newest.
    Whether that is synthetic its data say; `synthetic` counts only where no version is whole.
    """
    lying = {one.key: one.metadata for one in store.list("versions/")}
    entries = []
    for key, metadata in lying.items():
        if _ENTRY in metadata and key.endswith(f"/{DATA}.parquet"):
            with suppress(*DAMAGE):
                entry = entry_of(json.loads(metadata[_ENTRY]))
                if {version_key(entry.version, kind) for kind in KINDS} <= lying.keys():
                    entries.append(entry)
    if not entries:
        return None
    history = sorted(entries, key=lambda entry: -entry.sequence)
    for entry in history[1:]:
        if entry.files[DATA].sha256 == copy != history[0].files[DATA].sha256:
            history.insert(0, evolve(entry, sequence=history[0].sequence + 1))
            break
    newest = max(entry.as_of for entry in entries)
    whole = newest_whole(store, history)
    origin = whole.synthetic if whole else synthetic
    return Pointer(synthetic=origin, max_as_of=newest, history=tuple(history))


def newest_whole(store: Store, history: Sequence[Entry]) -> Published | None:
    """The data file of the first of these versions that still has it whole."""
    for entry in history:
        data = read(store, entry, DATA)
        found = None if data is None else look(data, DATA)
        if isinstance(found, Published):
            return found
    return None


def sweep(store: Store, pointer: Pointer, now: datetime, grace: timedelta) -> None:
    """Remove the versions that the history does not name any more.

    One that was written within `grace` stays: it may be that of a publisher who has not come to
    the pointer yet. (One who takes an old version up again writes it anew first, and then it is
    not the generation any more that we saw.) Trouble here costs nothing but space.
    """
    named = {entry.version for entry in pointer.history}
    try:
        for one in list(store.list()):
            ours = _OURS.fullmatch(one.key)
            if ours and ours[1] not in named and now - one.updated > grace:
                with suppress(Conflict):
                    store.delete(one.key, if_generation=one.generation)
    except StoreError as error:
        log.warning("old versions are not removed: %s", error)
