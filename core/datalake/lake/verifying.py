"""Reads every object of a store and says which ones cannot be used, and why."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import polars as pl
from attrs import frozen

from ..cache import Miss
from ..cache.objects import decode
from ..cache.revisions import keep_whole
from ..errors import Conflict, StoreError
from ..plugins import Registry
from ..stores import Store, Stored
from .inventory import Item, take

#: Objects that are read at once; as many are in memory.
AT_ONCE = 16


@frozen
class Fault:
    """An object that cannot be used. `repaired` says that it was removed, so that the next run
    fetches it anew; `foreign` that it is not this lake's, `unread` that it could not be read, which
    says nothing against it: both were left alone."""

    key: str
    reason: str
    generation: str
    foreign: bool = False
    unread: bool = False
    repaired: bool = False


@frozen
class Verified:
    """`checked` objects were read; `faults` are those that are not as they should be."""

    checked: int
    bytes: int
    faults: list[Fault]


def verify(store: Store, registry: Registry, *, repair: bool) -> Verified:
    """Read everything. With `repair` what cannot be used is removed, unless somebody else has
    replaced it meanwhile; what could not be read is left alone. Raises StoreError where the store
    cannot be listed."""
    checked = size = 0
    faults = []
    for item, fault in _checked(store, registry, take(store)):
        checked += 1
        size += item.entry.size
        if fault:
            mend = repair and not (fault.foreign or fault.unread)
            faults.append(_repaired(store, registry, item, fault) if mend else fault)
    return Verified(checked, size, faults)


def _checked(
    store: Store, registry: Registry, items: Iterable[Item]
) -> Iterator[tuple[Item, Fault | None]]:
    batch: list[Item] = []
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="verify") as pool:

        def look(items: list[Item]) -> Iterator[tuple[Item, Fault | None]]:
            return zip(
                items, pool.map(lambda item: _look(store, registry, item), items), strict=True
            )

        for item in items:
            batch.append(item)
            if len(batch) == AT_ONCE * 4:
                yield from look(batch)
                batch = []
        yield from look(batch)


def _look(store: Store, registry: Registry, item: Item) -> Fault | None:
    entry = item.entry
    if item.kind == "foreign":
        return Fault(entry.key, "it is no object of this lake", entry.generation, foreign=True)
    try:
        stored = store.get(entry.key, known=entry)
    except StoreError as error:
        return Fault(entry.key, str(error), entry.generation, unread=True)
    if stored is None:
        return None  # removed since the listing
    reason = _reason(item, stored, registry)
    return Fault(entry.key, reason, stored.generation, item.kind == "mark") if reason else None


def _reason(item: Item, stored: Stored, registry: Registry) -> str | None:
    """What is wrong with the object, if anything is."""
    if item.kind in ("series", "revision", "record", "log", "quarantine"):
        digest = stored.metadata.get("sha256")
        if digest is None:
            return "its sha256 is not known, so it cannot be trusted"
        if hashlib.sha256(stored.data).hexdigest() != digest:
            return "its sha256 does not hold: it is damaged"
    if item.kind == "series" and item.series:
        dataset = registry.dataset(item.series.provider, item.series.dataset)
        found = decode(stored, item.series, dataset, None) if dataset else None
        return found.reason if isinstance(found, Miss) else None
    try:
        if item.kind in ("universe", "catalogue"):
            pl.read_parquet(io.BytesIO(stored.data))
        elif item.kind in ("report", "mark"):
            json.loads(stored.data)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        return f"it cannot be read: {error!s:.200}"
    return None


def _repaired(store: Store, registry: Registry, item: Item, fault: Fault) -> Fault:
    try:
        _keep_whole(store, registry, item)
        store.delete(fault.key, if_generation=fault.generation)
    except Conflict:
        return Fault(fault.key, f"{fault.reason}; it is being replaced", fault.generation)
    except StoreError as error:
        return Fault(fault.key, f"{fault.reason}; not removed: {error}", fault.generation)
    return Fault(fault.key, fault.reason, fault.generation, repaired=True)


def _keep_whole(store: Store, registry: Registry, item: Item) -> None:
    """A series that is only another one than today's is not lost: it goes to its revisions."""
    stored = store.get(item.entry.key) if item.kind == "series" else None
    if stored is None or item.series is None:
        return
    dataset = registry.dataset(item.series.provider, item.series.dataset)
    found = decode(stored, item.series, dataset, None) if dataset else None
    if isinstance(found, Miss) and found.former:
        keep_whole(store, item.series, found.former)
