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

#: So many versions are named where the pointer is lost.
SHOWN = 5


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

    A pointer that is damaged or gone is made again where the version is named. What stands for an
    instant that has not come yet fences nothing off any more.
    """
    try:
        _standing(place, name)  # a place where nothing lies has no turns, and is left as it is
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
    pointer, generation, lost = _standing(place, name)
    current = pointer.current
    if name is None:
        target = current if current.rollback_of else before(pointer)
    else:
        target = find(pointer, name)
    files = {kind: versions.read(place.store, target, kind) for kind in KINDS}
    if target.version == current.version and not lost:
        return pointer, False, copy(place, {})
    whole = {kind: data for kind, data in files.items() if data is not None}
    if len(whole) < len(KINDS):
        raise ConfigError(f"version {target.version} is damaged: choose another one")
    if target.version == current.version:
        swap(place.store, pointer, generation)
        return pointer, True, copy(place, whole)
    at = clock()
    again = evolve(
        target,
        published_at=at,
        forced=None,
        rollback_of=current.version,
        rollback_reason=reason,
        warnings=(),
    )
    pointer = follow(_without_future(pointer, at), again, pointer.synthetic, keep)
    swap(place.store, pointer, generation)
    return pointer, True, copy(place, whole)


def _standing(place: Place, name: str | None) -> tuple[Pointer, str, bool]:
    """The pointer and its generation. Where it is lost, one from the versions will do for whoever
    names one of them: True says so."""
    _, pointer, generation, _ = _look(place)
    if pointer is None and name is not None:
        pointer = versions.rebuild(place.store, False, place.state(place.name).sha256)
        if pointer is not None:
            return pointer, generation, True
    return (*_read(place), False)


def _without_future(pointer: Pointer, now: datetime) -> Pointer:
    """What was published by a machine whose clock is ahead must not fence off the present."""
    past = [entry.as_of for entry in pointer.history if entry.as_of <= now]
    if pointer.max_as_of <= now or not past:
        return pointer
    return evolve(pointer, max_as_of=max(past))


def _read(place: Place) -> tuple[Pointer, str]:
    where, pointer, generation, amiss = _look(place)
    if pointer is None:
        lying = versions.rebuild(place.store, False, place.state(place.name).sha256)
        if lying is None and not amiss:
            raise ConfigError(f"nothing is published at {place.url}; `datalake run` publishes")
        raise ConfigError(f"{where} is {amiss or 'missing'}; {_way_out(lying, place)}")
    return pointer, generation


def _look(place: Place) -> tuple[str, Pointer | None, str, str]:
    """Where the pointer lies, the pointer, its generation, and what is wrong with it."""
    name = f"{published_name(place.name)}/{pointing.KEY}"
    try:
        pointer, generation, damage = pointing.read(place.store)
    except pointing.NotOurs as error:
        raise taken(place, name, str(error)) from None
    return place.where(name), pointer, generation, f"damaged ({damage})" if damage else ""


def _way_out(lying: Pointer | None, place: Place) -> str:
    if lying is None:
        return "no version lies beside it: the next run begins anew from the files that are there"
    known = list(dict.fromkeys(entry.version for entry in lying.history))
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return (
        f"beside it lie the versions {', '.join(known[:SHOWN])}{more}; `datalake publish rollback "
        f"{known[0]} --output {place.url} --reason …` makes the pointer again, and that version "
        "the published one"
    )
