"""What was published before: found by name, and published again by a rollback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import evolve

from ..errors import ConfigError, Conflict, StoreError
from . import pointer as pointing
from . import versions
from .candidate import Check
from .copies import TRIES, copy
from .place import Place, in_words, published_name, taken
from .pointer import KINDS, Entry, Keep, Pointer, follow, swap


def read_history(place: Place) -> Pointer:
    """The pointer of an output; ConfigError where nothing is published there."""
    return _read(place)[0]


def find(pointer: Pointer, name: str) -> Entry:
    """The entry of a version, by its name, the end or beginning of it, or a sequence number.

    Of several publications of one version the newest counts. Raises ConfigError.
    """
    fitting = [
        entry
        for entry in pointer.history
        if name == str(entry.sequence)
        or entry.version == name
        or (len(name) >= 4 and (entry.version.startswith(name) or entry.version.endswith(name)))
    ]
    if len({entry.version for entry in fitting}) > 1:
        raise ConfigError(
            f"{name} may mean several versions, such as {fitting[0].version}: say more"
        )
    if not fitting:
        raise ConfigError(
            f"the history has no version {name}; `datalake publish history` lists what it has"
        )
    return fitting[0]


def before(pointer: Pointer) -> Entry:
    """What was published before the current version. ConfigError where there was nothing."""
    for entry in pointer.history:
        if entry.version != pointer.current.version:
            return entry
    raise ConfigError("there is no earlier version to go back to")


def roll_back(
    place: Place, name: str | None, reason: str, keep: Keep, clock: Callable[[], datetime]
) -> tuple[Pointer, bool, tuple[Check, ...]]:
    """Publish a version of the history again, or without a name the one before the current.

    Returns the pointer, and False where there was nothing to do: that version is published, or
    (without a name) the last publication was a rollback already; and what is amiss with the
    copies. Raises ConfigError for what the history does not have, or has no more whole.
    """
    try:
        with place.turn():
            for _ in range(TRIES):
                try:
                    return _attempt(place, name, reason, keep, clock)
                except Conflict:
                    continue
    except OSError as error:
        raise StoreError(f"output {place.url} could not be written ({in_words(error)})") from error
    raise StoreError(f"output {place.url} is published to all the time; try again later")


def _attempt(
    place: Place, name: str | None, reason: str, keep: Keep, clock: Callable[[], datetime]
) -> tuple[Pointer, bool, tuple[Check, ...]]:
    pointer, generation = _read(place)
    current = pointer.current
    if name is None:
        target = current if current.rollback_of else before(pointer)
    else:
        target = find(pointer, name)
    files = {kind: versions.read(place.store, target, kind) for kind in KINDS}
    if target.version == current.version:
        return pointer, False, copy(place, {})
    whole = {kind: data for kind, data in files.items() if data is not None}
    if len(whole) < len(KINDS):
        raise ConfigError(f"version {target.version} is damaged: choose another one")
    again = evolve(
        target,
        published_at=clock(),
        forced=None,
        rollback_of=current.version,
        rollback_reason=reason,
        warnings=(),
    )
    pointer = follow(pointer, again, pointer.synthetic, keep)
    swap(place.store, pointer, generation)
    return pointer, True, copy(place, whole)


def _read(place: Place) -> tuple[Pointer, str]:
    name = f"{published_name(place.name)}/{pointing.KEY}"
    try:
        pointer, generation, damage = pointing.read(place.store)
    except pointing.NotOurs as error:
        raise taken(place, name, str(error)) from None
    if damage:
        raise ConfigError(
            f"{place.where(name)} is damaged ({damage}); the next run makes it anew from the "
            "versions beside it"
        )
    if pointer is None:
        raise ConfigError(f"nothing is published at {place.url}; `datalake run` publishes")
    return pointer, generation
