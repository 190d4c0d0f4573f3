"""Where the slots of a rate are given out: in one process, or for all of one machine's."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import struct
import threading
from pathlib import Path
from typing import Protocol

from platformdirs import user_cache_path

from ..secrets import Secret

log = logging.getLogger(__name__)

#: No slot lies further ahead; one that does was given out before the machine was started anew.
MOST_AHEAD = 3600.0
_SLOT = struct.Struct("<d")


class Pace(Protocol):
    """Gives out slots, in seconds of the monotonic clock; safe in threads."""

    def reserve(self, now: float, interval: float) -> float:
        """The next free slot, which keeps the interval to the one before it."""

    def postpone(self, until: float) -> None:
        """Give out no slot before that moment."""


def machine_pace(provider: str, key: Secret | None) -> Pace:
    """The pace of all processes of this user that call a provider with this key, or with none.

    The file is named by the key's digest, from which no key can be found.
    """
    name = "keyless"
    if key is not None:
        name = hashlib.sha256(f"{provider} {key.reveal()}".encode()).hexdigest()[:16]
    path = user_cache_path("datalake") / "pace" / f"{provider}-{name}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.info("the pace of calls is not shared with other processes: %s", error.strerror)
        return OwnPace()
    return SharedPace(path)


class OwnPace:
    """The slots of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = float("-inf")

    def reserve(self, now: float, interval: float) -> float:
        with self._lock:
            slot = max(self._next, now)
            self._next = slot + interval
            return slot

    def postpone(self, until: float) -> None:
        with self._lock:
            self._next = max(self._next, until)


class SharedPace:
    """The slots of all processes of one machine that use one key: the next one is in a file.

    The file is locked by the system for the few microseconds of a reservation, so a process that
    dies holds nobody back. Where the file cannot be used, this process has its own pace.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = OwnPace()
        self._told = False

    def reserve(self, now: float, interval: float) -> float:
        try:
            return self._advance(now, interval)
        except OSError as error:
            self._tell(error)
            return self._own.reserve(now, interval)

    def postpone(self, until: float) -> None:
        self._own.postpone(until)
        try:
            self._advance(until, 0.0)
        except OSError as error:
            self._tell(error)

    def _advance(self, least: float, interval: float) -> float:
        """The first moment from `least` on that nobody has; from then on it is taken."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            held = os.pread(handle, _SLOT.size, 0)
            known = _SLOT.unpack(held)[0] if len(held) == _SLOT.size else least
            slot = max(least, known) if known < least + MOST_AHEAD else least
            os.pwrite(handle, _SLOT.pack(slot + interval), 0)
            return slot
        finally:
            os.close(handle)

    def _tell(self, error: OSError) -> None:
        if not self._told:
            self._told = True
            log.info(
                "the pace of calls is not shared with other processes, for %s cannot be used: %s",
                self._path,
                error.strerror or error,
            )
