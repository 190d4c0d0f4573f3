"""What was published before, and what the last publication changed."""

from __future__ import annotations

from typing import Any

from attrs import asdict

from ..errors import ConfigError, StoreError
from ..publish import Place
from ..publish.diff import CAUSES, compare, largest, totals
from ..publish.history import before
from ..publish.pointer import Entry, Pointer

#: Changes that are told one by one.
SHOWN = 50
_LEFT_OUT = ("files",)


def published(place: Place, pointer: Pointer) -> dict[str, Any]:
    """The history, the newest first, and the `changes` from the version before the current one;
    None where there was none, or one of the two is damaged."""
    return {
        "history": [_entry(one) for one in pointer.history],
        "changes": _changes(place, pointer),
    }


def _entry(one: Entry) -> dict[str, Any]:
    return {name: value for name, value in one.plain().items() if name not in _LEFT_OUT}


def _changes(place: Place, pointer: Pointer) -> dict[str, Any] | None:
    try:
        earlier, later = before(pointer), pointer.current
        found = compare(place, earlier, later)
    except (ConfigError, StoreError):
        return None
    told = [{**one, "meaning": CAUSES[one["why"]]} for one in totals(found.changes)]
    some = [{**asdict(one), "change": one.share} for one in largest(found.changes)[:SHOWN]]
    return {
        "from": earlier.version,
        "to": later.version,
        "mapping_changed": found.mapping_changed,
        "came": found.came,
        "left": found.left,
        "columns_came": found.columns_came,
        "columns_left": found.columns_left,
        "totals": told,
        "largest": some,
    }
