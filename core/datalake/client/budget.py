"""What one run may ask of its vendors: so many calls in all, so many of each, until a moment."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta

from ..errors import OverBudget

#: The name under which the calls of all providers together are limited.
ALL = "all"


class Budget:
    """Counts the calls of a run, each try of them; safe in threads.

    `most` is how many may go to each provider, and under ALL to all of them; `timeout` how long
    from now on calls may begin. What is not named is not limited.
    """

    def __init__(
        self,
        most: Mapping[str, int] = {},
        timeout: timedelta | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = dict(most)
        self._monotonic = monotonic
        self.until = monotonic() + timeout.total_seconds() if timeout else math.inf
        self._spent: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def shared(self) -> bool:
        """Whether what one provider is asked may leave less for another."""
        return ALL in self._most

    @property
    def seconds_left(self) -> float:
        """For so long calls may still begin."""
        return max(0.0, self.until - self._monotonic())

    def left(self, name: str) -> float:
        """How many calls one provider, or ALL, may still get; infinity where nobody says."""
        with self._lock:
            return self._left(name)

    def spend(self, provider: str) -> None:
        """Take one call. Raises OverBudget where none is left."""
        with self._lock:
            for name in (ALL, provider):
                if self._left(name) < 1:
                    whom = "in all" if name == ALL else f"of {provider}"
                    most = f"{self._most[name]:,} calls {whom}"
                    raise OverBudget(f"the run may make {most} and no more")
            self._spent[provider] += 1

    def _left(self, name: str) -> float:
        spent = self._spent.total() if name == ALL else self._spent[name]
        return max(0, self._most[name] - spent) if name in self._most else math.inf
