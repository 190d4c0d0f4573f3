"""A lake, or a part of it, as one file that can be carried to another store.

The file is a plain tar in the pax format: each object under its key, its metadata as pax headers.
The same objects give the same bytes. A file from elsewhere is not trusted: what is no object of a
lake, or is not whole, is left out.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Literal

from attrs import frozen

from ..cache import Found, SeriesKey
from ..cache.checks import MOST_BYTES
from ..cache.joining import TRIES, Joined, put, unite
from ..cache.objects import decode
from ..errors import ConfigError, Conflict, StoreError
from ..models import Dataset
from ..plugins import Registry
from ..series.stamps import EPOCH
from ..stores import ABSENT, Entry, Store, Stored, check_key
from .inventory import Item, classify, matching, take
from .origin import KEY as MARK
from .origin import check_origin, claim

HEADER = "DATALAKE."
#: An empty member after all others: without it the file is cut.
END = "end"
CARRIED = ("series", "revision", "universe", "report", "record", "mapping")
#: What a run left behind goes along with a whole lake: without all its series it tells of nothing.
OF_RUNS = ("report", "record", "mapping")
#: A header of any object is far smaller.
MOST_METADATA = 16_384


@frozen
class Imported:
    """What came of one object of the file."""

    key: str
    outcome: Literal["added", "merged", "same", "refused"]
    reason: str = ""


def carried(store: Store, patterns: Sequence[str]) -> list[Item]:
    """What an export takes: series (those that the patterns fit) with what revisions replaced in
    them, the archived universes, and the mark that says where the data come from; without
    patterns, also what runs left of themselves, so that they can be made again."""
    items = list(take(store))
    series = {item.series for item in matching(items, patterns)}
    always = ("universe", "mark", *(() if patterns else OF_RUNS))
    return [
        item
        for item in items
        if item.kind in always or (item.kind in ("series", "revision") and item.series in series)
    ]


def export(store: Store, items: Iterable[Item], file: BinaryIO) -> int:
    """Write the objects, the mark first, and say how many there were. Raises StoreError."""
    count = 0
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for item in sorted(items, key=lambda item: (item.kind != "mark", item.entry.key)):
            stored = store.get(item.entry.key, known=item.entry)
            if stored is not None:
                archive.addfile(_member(item.entry.key, stored), io.BytesIO(stored.data))
                count += 1
        archive.addfile(tarfile.TarInfo(END))
    return count


def _member(key: str, stored: Stored) -> tarfile.TarInfo:
    member = tarfile.TarInfo(key)
    member.size = len(stored.data)
    member.mode = 0o644
    member.pax_headers = {HEADER + name: value for name, value in sorted(stored.metadata.items())}
    return member


def bring_in(store: Store, registry: Registry, path: Path) -> Iterator[Imported]:
    """Add what a file holds to a store; a series that is there already is merged, never replaced.

    Doing it again changes nothing. Raises ConfigError where the file is none of ours, is cut
    (after what was whole came in), or holds data of another origin; StoreError.
    """
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r|") as archive:
            origin = _origin(archive, path)
            yield _claim(store, origin)
            while (member := archive.next()) is not None and member.name != END:
                yield _member_in(store, registry, archive, member)
            if member is None:
                raise EOFError("its end is missing")
    except (tarfile.TarError, EOFError, UnicodeError) as error:
        raise ConfigError(f"{path} is damaged or cut: {error}; what was whole came in") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error


def _origin(archive: tarfile.TarFile, path: Path) -> str:
    first = archive.next()
    content = _content(archive, first) if first and first.name == MARK else None
    try:
        return str(json.loads(content or b"")["origin"])
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{path} is no export of a lake: it does not begin with {MARK}") from None


def _claim(store: Store, origin: str) -> Imported:
    check_origin(store, origin)
    if not claim(store, origin):
        raise ConfigError(f"{store.url} may be read and not written: nothing can be imported")
    return Imported(MARK, "same", origin)


def _member_in(
    store: Store, registry: Registry, archive: tarfile.TarFile, member: tarfile.TarInfo
) -> Imported:
    key = member.name
    try:
        check_key(key)
    except StoreError as error:
        return Imported(repr(key), "refused", str(error))
    item = classify(Entry(key, member.size, ABSENT, EPOCH))
    content = _content(archive, member)
    if item.kind not in CARRIED or content is None:
        return Imported(key, "refused", "it is no object of a lake")
    metadata = {
        name[len(HEADER) :]: value
        for name, value in member.pax_headers.items()
        if name.startswith(HEADER)
    }
    stored = Stored(content, ABSENT, metadata)
    if not _whole(item, content, metadata):
        return Imported(key, "refused", "its sha256 or its name does not hold")
    dataset = None
    if item.kind == "series" and item.series:
        dataset = registry.dataset(item.series.provider, item.series.dataset)
        found = decode(stored, item.series, dataset, None) if dataset else None
        if found is not None and not isinstance(found, Found):
            return Imported(key, "refused", found.reason)
    return _add(store, key, stored, item.series, dataset)


def _whole(item: Item, content: bytes, metadata: Mapping[str, str]) -> bool:
    """Whether an object is as it was exported: by its sha256, or by what its name promises."""
    name = item.entry.key.rpartition("/")[2].rpartition(".")[0]
    digest = hashlib.sha256(content).hexdigest()
    if item.kind == "universe":
        return True
    if item.kind == "mapping":
        return digest == name
    if item.kind != "report":
        return digest == metadata.get("sha256")
    try:
        return bool(json.loads(content)["run_id"] == name)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes | None:
    """The bytes of a plain file of sane size, and of nothing else."""
    headers = sum(len(name) + len(value) for name, value in member.pax_headers.items())
    if not member.isreg() or member.size > MOST_BYTES or headers > MOST_METADATA:
        return None
    file = archive.extractfile(member)
    return file.read() if file else None


def _add(
    store: Store, key: str, stored: Stored, series: SeriesKey | None, dataset: Dataset | None
) -> Imported:
    for _ in range(TRIES):
        here = store.get(key)
        if here is not None and here.data == stored.data:
            return Imported(key, "same")
        try:
            if here is None:
                store.put(key, stored.data, stored.metadata, if_generation=ABSENT)
                return Imported(key, "added")
            united = _united(here, stored, series, dataset) if series and dataset else None
            if series is None or united is None:
                return Imported(key, "same", "what is there stands")
            native_id, joined = united
            if not joined.news:
                return Imported(key, "same")
            put(store, series, native_id, joined)
        except Conflict:
            continue
        return Imported(key, "merged")
    return Imported(key, "refused", "others are writing it all the time")


def _united(
    here: Stored, there: Stored, series: SeriesKey, dataset: Dataset
) -> tuple[str, Joined] | None:
    """Both states in one; the other's alone where what is here cannot be used; None to leave it."""
    one, other = (decode(stored, series, dataset, None) for stored in (here, there))
    if not isinstance(other, Found):
        return None
    if isinstance(one, Found):
        same = one.native_id == other.native_id
        return (one.native_id, unite(one, other, dataset)) if same else None
    return other.native_id, Joined(
        other.table, other.coverage, here.generation, former=one.former, begun=other.begun
    )
