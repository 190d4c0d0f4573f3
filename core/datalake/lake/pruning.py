"""Removes what nobody needs any more; what is not this lake's is never touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from attrs import frozen

from ..cache.checks import SCHEMA_VERSION
from ..errors import Conflict, StoreError
from ..plugins import Registry
from ..stores import Store
from .inventory import Item


@frozen
class Pruned:
    """One object that goes (or would go), and why; `error` says why it could not."""

    key: str
    bytes: int
    generation: str
    reason: str
    error: str | None = None


def superfluous(
    items: Iterable[Item], registry: Registry, now: datetime, older: timedelta | None, orphans: bool
) -> Iterator[Pruned]:
    """What can go: series that nobody has asked for again for longer than `older`, and records
    that old of what runs were made of (those cannot be replayed any more), of what they asked, and
    of what was rejected; of that old universes all but the last of a day; and, as `orphans`, what
    no installed plugin offers or no version of this library reads any more, with what revisions
    replaced in it, and what an interrupted `datalake doctor` left."""
    every = list(items)
    last = {_folder(item): item for item in every}  # in order of keys, so that the last one wins
    for item in every:
        reason = orphans and _orphaned(item, registry)
        if not reason and older is not None:
            reason = _outlived(item, now - older, item is last[_folder(item)])
        if reason:
            entry = item.entry
            yield Pruned(entry.key, entry.size, entry.generation, reason)


def remove(store: Store, one: Pruned) -> Pruned:
    """Remove it, unless it was written since it was listed."""
    try:
        store.delete(one.key, if_generation=one.generation)
    except Conflict:
        error = "it was written meanwhile, so it stays"
    except StoreError as refused:
        error = str(refused)
    else:
        return one
    return Pruned(one.key, one.bytes, one.generation, one.reason, error)


def _orphaned(item: Item, registry: Registry) -> str | None:
    if item.kind == "check":
        return "left by an interrupted datalake doctor"
    if item.kind not in ("series", "revision", "quarantine") or item.series is None:
        return None
    source = f"{item.series.provider}.{item.series.dataset}"
    if registry.dataset(item.series.provider, item.series.dataset) is None:
        return f"no installed plugin offers {source}"
    version = item.entry.metadata.get("schema_version", SCHEMA_VERSION)
    if version.isdigit() and int(version) < int(SCHEMA_VERSION):
        return f"its schema version {version} is not read any more"
    return None


def _folder(item: Item) -> str:
    return item.entry.key.rpartition("/")[0]


def _outlived(item: Item, limit: datetime, last: bool) -> str | None:
    if item.kind in ("record", "log") and item.entry.updated < limit:
        return f"the run ended on {item.entry.updated:%Y-%m-%d}"
    if item.kind == "quarantine" and item.entry.updated < limit:
        return f"rejected on {item.entry.updated:%Y-%m-%d}"
    if item.kind == "universe" and item.entry.updated < limit and not last:
        return f"{item.entry.updated:%Y-%m-%d} has a later one"
    if item.kind == "series" and (checked := _checked_at(item)) < limit:
        return f"last asked on {checked:%Y-%m-%d}"
    return None


def _checked_at(item: Item) -> datetime:
    """When the provider was last asked; else when the object was written."""
    try:
        told = datetime.fromisoformat(item.entry.metadata["checked_at"].replace("Z", "+00:00"))
    except (KeyError, ValueError):
        return item.entry.updated
    return told if told.tzinfo else item.entry.updated
