"""Pacing: each call reserves the next free slot, and all slots lie one interval apart."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..models import Rate


class Stopped(BaseException):
    """The run was asked to stop while a call waited; this is no failure of the call.

    Like KeyboardInterrupt it is no Exception: neither a provider's own `except Exception` nor
    the record of failed series may swallow it.
    """


class Throttle:
    """One vendor's rate, shared by all threads that call it.

    Slots lie `1 / headroom` of the rate's interval apart: the two per cent that are given away
    absorb the network's jitter, so that a limit enforced to the call is never hit. `sleep` and
    `monotonic` are in seconds. Setting `stop` wakes every waiting thread, which raises Stopped.
    """

    def __init__(
        self,
        rate: Rate,
        *,
        headroom: float = 0.98,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.stop = stop or threading.Event()
        self.interval = rate.interval / headroom
        self._monotonic = monotonic
        self._sleep = sleep or self.stop.wait
        self._lock = threading.Lock()
        self._next = monotonic()
        self._paused_until = self._next
        self._waiting: list[float] = []
        self._waiting_since = 0.0
        self._waited = 0.0

    def wait(self) -> None:
        """Take the next slot and return when it has come."""
        slot = self._reserve()
        while slot > self._monotonic():
            with self._held_back(slot):
                self.sleep(slot - self._monotonic())
            if slot < self._paused_until:  # a pause came meanwhile, and the slot is lost to it
                slot = self._reserve()

    def pause(self, seconds: float) -> None:
        """Let nobody through for so many seconds, those already waiting included."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._monotonic() + seconds)
            self._next = max(self._next, self._paused_until)

    def sleep(self, seconds: float) -> None:
        """Sleep, and raise Stopped as soon as the run is to stop."""
        if seconds > 0 and not self.stop.is_set():
            self._sleep(seconds)
        if self.stop.is_set():
            raise Stopped

    @property
    def waited(self) -> float:
        """The seconds during which at least one call was held back."""
        with self._lock:
            running = self._monotonic() - self._waiting_since if self._waiting else 0.0
            return self._waited + running

    @property
    def waiting(self) -> float:
        """The seconds until the first of the waiting calls may go; 0 when none waits."""
        with self._lock:
            if not self._waiting:
                return 0.0
            first = max(min(self._waiting), self._paused_until)
            return max(0.0, first - self._monotonic())

    def _reserve(self) -> float:
        if self.stop.is_set():
            raise Stopped
        with self._lock:
            slot = max(self._next, self._monotonic())
            self._next = slot + self.interval
            return slot

    @contextmanager
    def _held_back(self, slot: float) -> Iterator[None]:
        with self._lock:
            if not self._waiting:
                self._waiting_since = self._monotonic()
            self._waiting.append(slot)
        try:
            yield
        finally:
            with self._lock:
                self._waiting.remove(slot)
                if not self._waiting:
                    self._waited += self._monotonic() - self._waiting_since
