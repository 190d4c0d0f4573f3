"""Three ways in which vendors count the calls of a minute; a client must keep to each of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

WINDOW = 60.0
#: A token bucket forgives so many calls at once, and then not one that comes too early.
BURST = 5


class Count(Protocol):
    """The calls of one key; times are in seconds."""

    def left(self, now: float) -> int:
        """How many calls would be let through at once."""

    def take(self, now: float) -> None:
        """Count one that was let through."""

    def wait(self, now: float) -> float:
        """The seconds until the next is let through, should none be left."""


class Sliding:
    """So many calls within any sixty seconds."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._calls: deque[float] = deque()

    def left(self, now: float) -> int:
        while self._calls and self._calls[0] <= now - WINDOW:
            self._calls.popleft()
        return self._limit - len(self._calls)

    def take(self, now: float) -> None:
        self._calls.append(now)

    def wait(self, now: float) -> float:
        return WINDOW - (now - self._calls[0]) if self._calls else WINDOW


class Fixed:
    """So many calls in each minute of the clock."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._minute = 0.0
        self._calls = 0

    def left(self, now: float) -> int:
        return self._limit - (self._calls if now // WINDOW == self._minute else 0)

    def take(self, now: float) -> None:
        self._calls = self._limit - self.left(now) + 1
        self._minute = now // WINDOW

    def wait(self, now: float) -> float:
        return WINDOW - now % WINDOW


class Bucket:
    """A token for each call; tokens come back at the rate, and few are saved up."""

    def __init__(self, limit: int) -> None:
        self._most = min(limit, BURST)
        self._rate = limit / WINDOW
        self._tokens = float(self._most)
        self._since = 0.0

    def left(self, now: float) -> int:
        return int(self._held(now))

    def take(self, now: float) -> None:
        self._tokens, self._since = self._held(now) - 1, now

    def wait(self, now: float) -> float:
        return max(0.0, 1 - self._held(now)) / self._rate

    def _held(self, now: float) -> float:
        return min(self._most, self._tokens + (now - self._since) * self._rate)


COUNTS: dict[str, Callable[[int], Count]] = {"sliding": Sliding, "fixed": Fixed, "bucket": Bucket}
