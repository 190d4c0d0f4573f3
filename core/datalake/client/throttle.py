"""Pacing: each call reserves the next free slot, and all slots lie one interval apart."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import OverBudget
from ..models import Rate
from .pace import OwnPace, Pace

#: What a refusal does to the interval, how far refusals in a row may take it, and in how many
#: seconds half of it has worn off.
SLOWER, SLOWEST, HALF_RECOVERED = 1.5, 8.0, 60.0
#: The part of a rate that is used.
HEADROOM = 0.98


class Stopped(BaseException):
    """The run was asked to stop while a call waited; this is no failure of the call.

    Like KeyboardInterrupt it is no Exception: neither a provider's own `except Exception` nor
    the record of failed series may swallow it.
    """


class Throttle:
    """One vendor's rate, shared by all threads that call it.

    Slots lie `1 / headroom` of the rate's interval apart: the two per cent that are given away
    absorb the network's jitter, so that a limit enforced to the call is never hit. Calls that were
    held up do not catch up in a burst: of those that are late, two may follow each other at once.
    A refusal makes all intervals longer for a while, and nothing ever makes them shorter than the
    rate. `sleep` and `monotonic` are in seconds. Setting `stop` wakes every waiting thread, which
    raises Stopped. After `until`, an instant of `monotonic`, no call goes: who would have to wait
    for longer is told so at once, by OverBudget.
    """

    def __init__(
        self,
        rate: Rate,
        *,
        headroom: float = HEADROOM,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        stop: threading.Event | None = None,
        pace: Pace | None = None,
        until: float = math.inf,
    ) -> None:
        self.stop = stop or threading.Event()
        self._rated = rate.interval / headroom
        self._until = until
        self._monotonic = monotonic
        self._sleep = sleep or self.stop.wait
        self._pace = pace or OwnPace()
        self._lock = threading.Lock()
        self._earliest = self._paused_until = self._slowed_at = float("-inf")
        self._slowness = 1.0
        self._waiting: list[float] = []
        self._waiting_since = 0.0
        self._waited = 0.0

    @property
    def interval(self) -> float:
        """The seconds from one slot to the next, as they are now."""
        return self._rated * self._slow(self._monotonic())

    def wait(self) -> None:
        """Take the next slot and return when it has come."""
        slot = self._reserve()
        while (due := self._take(slot)) is not None:
            with self._held_back(due):
                self.sleep(due - self._monotonic())
            if slot < self._paused_until:  # a pause came meanwhile, and the slot is lost to it
                slot = self._reserve()

    def pause(self, seconds: float) -> None:
        """Let nobody through for so many seconds, those already waiting included."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._monotonic() + seconds)
            self._pace.postpone(self._paused_until)

    def refused(self, seconds: float) -> None:
        """Pause, and go on more slowly: the vendor says that calls come too fast.

        Several calls that were on their way together are refused together; that counts once.
        """
        with self._lock:
            now = self._monotonic()
            if now >= self._paused_until:
                self._slowness = min(SLOWEST, self._slow(now) * SLOWER)
                self._slowed_at = now
        self.pause(seconds)

    def monotonic(self) -> float:
        """The clock's seconds."""
        return self._monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep, and raise Stopped as soon as the run is to stop; OverBudget at once, if it would
        last too long."""
        if self._monotonic() + max(0.0, seconds) > self._until:
            raise OverBudget("the time of the run is up")
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

    def _slow(self, now: float) -> float:
        worn_off = math.pow(0.5, (now - self._slowed_at) / HALF_RECOVERED)
        return max(1.0, self._slowness * worn_off)

    def _reserve(self) -> float:
        self.sleep(0.0)  # no slot for a run that is over
        return self._pace.reserve(self._monotonic(), self.interval)

    def _take(self, slot: float) -> float | None:
        """None where the call may go now; else the moment at which to ask again."""
        with self._lock:
            now = self._monotonic()
            due = max(slot, self._earliest, self._paused_until)
            if now < due:
                return due
            self._earliest = max(now, self._earliest + self.interval)
            return None

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
