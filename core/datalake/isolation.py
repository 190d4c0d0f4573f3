"""Watches foreign code while it is loaded: what it does to the process is named, and put back.

A plugin runs in our process, so nothing can stop one that means harm. This is about those that mean
none: that print where data goes, patch a library for everybody, leave a thread behind, or hang.
"""

from __future__ import annotations

import importlib
import io
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from types import FrameType
from typing import Any

from attrs import frozen

log = logging.getLogger(__name__)

#: Seconds after which somebody who waits is told for what.
PATIENCE = 5.0
#: How much of what was printed is shown.
SHOWN = 60
#: By what a process speaks to the network: modules and classes of which nothing may be replaced.
WHOLE = (
    *("requests", "requests.api", "requests.sessions", "requests.Session"),
    *("requests.adapters.HTTPAdapter", "urllib3.connectionpool.HTTPConnectionPool"),
    *("http.client.HTTPConnection", "socket"),
)
#: What else of all code a plugin may have replaced, by where it is found.
PATCHED = (
    *("time.time", "time.sleep", "json.dumps", "json.loads", "builtins.open", "builtins.print"),
    *("sys.stdout", "sys.stderr", "sys.excepthook", "threading.Thread"),
)
#: One plugin at a time: what is watched belongs to the process.
_TURNS = threading.RLock()


@frozen
class _Thing:
    """Something that all code of a process shares: what it is now, and how it is put back."""

    name: str
    now: Callable[[], Any]
    put_back: Callable[[Any], object]


@contextmanager
def watched(what: str, hint: str, patience: float = PATIENCE) -> Iterator[list[str]]:
    """Give a list that names, once the block has ended, what it did to the process.

    `what` is being loaded; where that takes longer than `patience`, in seconds, a warning says so,
    with the `hint` how to do without: code that hangs cannot be stopped from outside.
    """
    notes: list[str] = []
    with _TURNS, ExitStack() as stack:
        printed = stack.enter_context(_kept_from_stdout())
        stack.enter_context(_waiting_is_told(what, hint, patience))
        things = list(_as_they_are())
        threads = set(threading.enumerate())
        try:
            yield notes
        finally:
            if text := printed.text.strip():
                notes.append(f"it printed while it was loaded: {text[:SHOWN]!r}")
            notes += [_put_back(thing, then) for thing, then in things if _differs(thing, then)]
            if started := [one.name for one in threading.enumerate() if one not in threads]:
                notes.append(f"it started {_listed(started)}, which goes on")


def _as_they_are() -> Iterator[tuple[_Thing, Any]]:
    for thing in _things():
        with suppress(OSError):  # a working directory that is gone
            yield thing, thing.now()


def _things() -> Iterator[_Thing]:
    for owner, name in _shared():
        home = _found(owner)
        put_back = partial(setattr, home, name)
        yield _Thing(f"{owner}.{name}", partial(_written, home, name), put_back)
    yield _Thing("the working directory", os.getcwd, os.chdir)
    yield _Thing("the time-out of sockets", socket.getdefaulttimeout, socket.setdefaulttimeout)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            now, handle = partial(signal.getsignal, number), partial(signal.signal, number)
            yield _Thing(f"the handler of {number.name}", now, handle)


def _shared() -> Iterator[tuple[str, str]]:
    """The module or class, and the name there, of each thing that is watched."""
    for owner in WHOLE:
        for name, one in list(vars(_found(owner)).items()):
            if callable(one):
                yield owner, name
    for path in PATCHED:
        owner, _, name = path.rpartition(".")
        yield owner, name


def _written(home: Any, name: str) -> Any:
    """What stands there itself: of a class, `getattr` would give what it makes of it."""
    try:
        return vars(home)[name]
    except KeyError:
        raise AttributeError(name) from None


def _found(path: str) -> Any:
    """The module or class of that name. It is imported before the plugin is: else what a plugin
    makes of it cannot be told from what it is."""
    try:
        return importlib.import_module(path)
    except ImportError:
        owner, _, name = path.rpartition(".")
        return getattr(_found(owner), name)


def _differs(thing: _Thing, then: Any) -> bool:
    try:
        return bool(thing.now() != then)
    except (AttributeError, OSError):
        return True


def _put_back(thing: _Thing, then: Any) -> str:
    thing.put_back(then)
    return f"it replaced {thing.name}, which was put back"


def _listed(names: Sequence[str]) -> str:
    return f"the thread {names[0]}" if len(names) == 1 else f"the threads {', '.join(names)}"


class _Apart(io.TextIOWrapper):
    """Takes what the thread that loads a plugin writes; others go on writing where they did."""

    def __init__(self, real: Any) -> None:
        super().__init__(io.BytesIO(), "utf-8", errors="replace", write_through=True)
        self._real, self._owner = real, threading.get_ident()

    def write(self, text: str) -> int:
        mine = threading.get_ident() == self._owner
        return super().write(text) if mine else int(self._real.write(text))

    def fileno(self) -> int:
        return int(self._real.fileno())

    @property
    def text(self) -> str:
        """What was written, as far as it is text; nothing once it was closed."""
        with suppress(ValueError):
            return bytes(self.buffer.getvalue()).decode(errors="replace")  # type: ignore[attr-defined]
        return ""


@contextmanager
def _kept_from_stdout() -> Iterator[_Apart]:
    """stdout is data: what is printed meanwhile is kept, to be named."""
    real = sys.stdout
    sys.stdout = apart = _Apart(real)
    try:
        yield apart
    finally:
        sys.stdout = real


@contextmanager
def _waiting_is_told(what: str, hint: str, patience: float) -> Iterator[None]:
    loader, since = threading.get_ident(), time.monotonic()

    def tell() -> None:
        waited = time.monotonic() - since
        where = _place(sys._current_frames().get(loader))
        log.warning("%s has been loading for %.0f s%s; %s", what, waited, where, hint)

    timer = threading.Timer(patience, tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _place(frame: FrameType | None) -> str:
    """Where a thread is."""
    if frame is None:
        return ""
    return f", at {frame.f_code.co_filename}:{frame.f_lineno}"
