"""Leaves a vendor that is down alone: after many failures in a row nobody calls for a while, then
one call probes for all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ..errors import Unavailable

#: After so many calls in a row that the vendor could not serve, no more go out.
FAILURES = 10
#: The seconds before each probe. When the last one fails, too, nothing more is asked in this run.
COOL_DOWNS = (15.0, 30.0, 60.0)
#: Seconds after which those who wait for another one's probe look again.
LOOK = 0.05


class GivenUp(Unavailable):
    """The vendor is not asked any more in this run; the text says after what."""


class Breaker:
    """One vendor's health, shared by all threads that call it.

    A call begins with `enter`, which returns when it may go, and ends with `leave`. While the
    vendor is left alone `enter` waits, so that an outage of a minute costs no series, and a longer
    one a bounded number of calls: FAILURES, those that were on their way, and the probes. Any
    answer that is no Unavailable proves that the vendor is alive. A branch of its API (`protocol`
    of `/protocol/lido`) that had no part in the failures still gets one probe of its own.

    Times are in seconds, of the clock of `monotonic`, in which `sleep` sleeps.
    """

    def __init__(
        self,
        monotonic: Callable[[], float],
        sleep: Callable[[float], object],
        cool_downs: Sequence[float] = COOL_DOWNS,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._cool_downs = cool_downs
        self._lock = threading.Lock()
        self._failures = self._probes = 0
        self._dead: dict[str, Unavailable] = {}
        self._probing = False
        self._until: float | None = None

    @property
    def open(self) -> bool:
        """Whether calls are held back."""
        return self._until is not None

    def enter(self, branch: str) -> bool:
        """Return when a call may go; True if it is the probe. Raises GivenUp."""
        while True:
            with self._lock:
                wait = self._wait(branch)
                probe = self.open and not wait
                self._probing = self._probing or probe
            if not wait:
                return probe
            self._sleep(wait)

    def release(self, probe: bool) -> None:
        """A call that might go did not: if it was the probe, another one may be."""
        with self._lock:
            self._probing = self._probing and not probe

    def leave(self, branch: str, probe: bool, error: BaseException | None) -> None:
        """Learn how a call ended; one that was stopped proves nothing."""
        with self._lock:
            self._probing = self._probing and not probe
            if isinstance(error, Unavailable):
                self._dead[branch] = error
                self._failures += not self.open
                self._probes += probe
                if probe or (not self.open and self._failures >= FAILURES):
                    self._rest()
            elif error is None or isinstance(error, Exception):
                self._failures = self._probes = 0
                self._dead.clear()
                self._until = None

    def _wait(self, branch: str) -> float:
        """The seconds after which a call may ask again; 0 where it may go."""
        if self._until is None:
            return 0.0
        if self._probes >= len(self._cool_downs):
            if branch in self._dead:
                raise GivenUp(
                    f"{self._dead[branch]}; {self._failures} calls in a row had failed, and"
                    f" {self._probes} probes after them: nothing more is asked in this run"
                )
        elif (left := self._until - self._monotonic()) > 0:
            return left
        return LOOK if self._probing else 0.0

    def _rest(self) -> None:
        place = min(self._probes, len(self._cool_downs) - 1)
        self._until = self._monotonic() + self._cool_downs[place]
