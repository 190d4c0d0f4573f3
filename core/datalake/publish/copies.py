"""The files of fixed names: copies of what the pointer names, for whoever wants no pointer."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from contextlib import suppress

from ..errors import Conflict, StoreError
from ..stores import ABSENT
from . import pointer as pointing
from . import versions
from .candidate import Check
from .layout import ASSETS, DATA
from .place import NOTHING, Place, assets_name, candidate_name, in_words, report_name
from .standing import Standing

log = logging.getLogger(__name__)

#: Rivals that may write the same name first before we leave it to them.
TRIES = 20


def names(place: Place) -> dict[str, str]:
    """Kind by fixed name. The data file goes last: whoever sees it finds the assets it needs."""
    return {assets_name(place.name): ASSETS, place.name: DATA}


def check_copies(place: Place, standing: Standing) -> tuple[Check, ...]:
    """Whether the copies are those of the published version, as the last publisher left them."""
    if standing.pointer is None:
        return ()
    files = standing.pointer.current.files
    astray = [
        f"{name} is {'missing' if state == NOTHING else 'not that of the published version'}"
        for name, kind in names(place).items()
        if (state := place.state(name)).sha256 != files[kind].sha256
    ]
    if not astray:
        return ()
    detail = f"{'; '.join(astray)}: damaged, or left so by a run that was killed; made again"
    return (Check("copies", False, "warning", detail),)


def copy(place: Place, files: Mapping[str, bytes]) -> tuple[Check, ...]:
    """Make the copies those of the published version, whoever published it.

    `files` spares the reading of those that are at hand. A copy that cannot be written costs no
    more than that: the pointer tells the truth, and the next run tries again.
    """
    try:
        for name, kind in names(place).items():
            _copy(place, name, kind, files)
    except (OSError, StoreError) as error:
        detail = (
            f"{place.url} and the file beside it could not be written ({in_words(error)}): until "
            "the next run they may be those of the version before"
        )
        return (Check("copies", False, "warning", detail),)
    return ()


def _copy(place: Place, name: str, kind: str, files: Mapping[str, bytes]) -> None:
    """The state of the copy is read before the pointer, and written on that condition: so whoever
    moves the pointer later also writes the copy later."""
    for _ in range(TRIES):
        state = place.state(name)
        pointer, _, _ = pointing.read(place.store)
        if pointer is None or pointer.current.files[kind].sha256 == state.sha256:
            return
        data = files.get(kind)
        if data is None or versions.describe({kind: data})[kind] != pointer.current.files[kind]:
            data = versions.read(place.store, pointer.current, kind)
        if data is None:
            return  # the version is lost; what its name holds is all there is
        try:
            place.write(name, data, state)
            return
        except Conflict:
            continue
    raise Conflict("others write it all the time")


def keep_candidate(place: Place, data: bytes) -> Check:
    """A refusal stands, and is to be told, even where there is no room for its cause."""
    name = candidate_name(place.name)
    try:
        place.write(name, data, place.state(name))
    except (OSError, StoreError) as error:
        detail = f"it could not be kept at {place.where(name)} ({in_words(error)})"
        return Check("candidate", False, "warning", detail)
    return Check("candidate", True, "ok", f"kept at {place.where(name)}")


def drop_candidate(place: Place) -> None:
    """What was refused before is of no interest once something is published."""
    try:
        place.remove(candidate_name(place.name))
    except (OSError, StoreError) as error:
        where = place.where(candidate_name(place.name))
        log.warning("%s cannot be removed: %s", where, in_words(error))


def keep_report(place: Place, version: str | None, report: bytes) -> None:
    """Write the report of a run beside the output and, for the run that made it, into its version.

    Raises OSError, StoreError, or Conflict where another run is just writing its own.
    """
    name = report_name(place.name)
    place.write(name, report, place.state(name))
    if version is not None:
        with suppress(Conflict):  # another run made the same before
            facts = {"sha256": hashlib.sha256(report).hexdigest()}
            place.store.put(versions.report_key(version), report, facts, if_generation=ABSENT)
