"""Rate limits as the vendors enforce them: so many calls of one key within any sixty seconds."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable

from attrs import frozen

from datalake_sandbox.messages import Access

WINDOW = 60.0


@frozen
class Verdict:
    """Whether a call is let through, what remains of the minute and the day, how long to wait."""

    allowed: bool
    minute_limit: int
    minute_remaining: int
    day_limit: int | None
    day_remaining: int
    retry_after: int
    refusals: int


class Limits:
    """Counts the calls of each bucket in a sliding window; safe in threads.

    `scale` multiplies every limit. Time is monotonic real time, not the market's clock.
    """

    def __init__(self, scale: float, timer: Callable[[], float] = time.monotonic) -> None:
        self._scale = scale
        self._timer = timer
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = {}
        self._day: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()

    def admit(self, access: Access) -> Verdict:
        """Take one call out of the bucket, if there is one left."""
        limit = max(1, int(access.per_minute * self._scale))
        per_day = None if access.per_day is None else int(access.per_day * self._scale)
        with self._lock:
            now = self._timer()
            calls = self._calls.setdefault(access.bucket, deque())
            while calls and calls[0] <= now - WINDOW:
                calls.popleft()
            used = self._day[access.bucket]
            allowed = len(calls) < limit and (per_day is None or used < per_day)
            if allowed:
                calls.append(now)
                self._day[access.bucket] = used + 1
            else:
                self._refusals[access.bucket] += 1
            wait = WINDOW - (now - calls[0]) if calls else WINDOW
            return Verdict(
                allowed=allowed,
                minute_limit=limit,
                minute_remaining=limit - len(calls),
                day_limit=per_day,
                day_remaining=0 if per_day is None else per_day - self._day[access.bucket],
                retry_after=max(1, math.ceil(wait)),
                refusals=self._refusals[access.bucket],
            )
