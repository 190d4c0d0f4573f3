"""Rate limits as the vendors enforce them: so many calls of one key a minute, and a day."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable

from attrs import frozen

from datalake_sandbox.counting import COUNTS, WINDOW, Count
from datalake_sandbox.messages import Access


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
    """Counts the calls of each key, in one of the ways of COUNTS; safe in threads.

    `scale` multiplies every limit. Time is monotonic real time, not the market's clock.
    """

    def __init__(
        self, scale: float, counting: str = "sliding", timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._scale = scale
        self._make = COUNTS[counting]
        self._timer = timer
        self._lock = threading.Lock()
        self._counts: dict[str, Count] = {}
        self._day: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()

    def admit(self, access: Access) -> Verdict:
        """Count one more call of the key, if it is let through."""
        limit = max(1, int(access.per_minute * self._scale))
        per_day = None if access.per_day is None else int(access.per_day * self._scale)
        with self._lock:
            now = self._timer()
            count = self._counts.setdefault(access.bucket, self._make(limit))
            used = self._day[access.bucket]
            allowed = count.left(now) > 0 and (per_day is None or used < per_day)
            if allowed:
                count.take(now)
                self._day[access.bucket] = used + 1
            else:
                self._refusals[access.bucket] += 1
            spent = per_day is not None and used >= per_day
            wait = WINDOW if spent else count.wait(now)
            return Verdict(
                allowed=allowed,
                minute_limit=limit,
                minute_remaining=count.left(now),
                day_limit=per_day,
                day_remaining=0 if per_day is None else per_day - self._day[access.bucket],
                retry_after=max(1, math.ceil(wait)),
                refusals=self._refusals[access.bucket],
            )
