"""Whether a provider's datasets are still worth asking: a vendor that is down is left alone."""

from __future__ import annotations

import threading
from collections import Counter

from attrs import define, field

from ...client.breaker import GivenUp
from ...errors import FetchError, Refused, Unavailable

#: After so many series of a dataset in a row that the vendor could not serve, stop asking.
DOWN_AFTER = 5
#: How the error of a series begins that was not asked for because of an earlier error.
GIVEN_UP = "not asked any more, after: "


@define
class Health:
    """Whether a provider's datasets are still worth asking; one for each provider and run.

    A refused key is the whole provider's end. Trouble with many series of one dataset is that
    dataset's: it may be one endpoint of the vendor that is down. (That nothing at all comes from a
    vendor, the client's breaker sees, call by call.)
    """

    _refused: FetchError | None = None
    _down: dict[str, FetchError] = field(factory=dict)
    _troubles: Counter[str] = field(factory=Counter)
    _lock: threading.Lock = field(factory=threading.Lock, repr=False)

    def verdict(self, dataset: str) -> FetchError | None:
        """Why this dataset is not asked any more, if it is not."""
        return self._refused or self._down.get(dataset)

    def heard(self, dataset: str, error: FetchError | None) -> None:
        """Learn from the end of one series."""
        with self._lock:
            if isinstance(error, Refused):
                self._refused = self._refused or error
            elif isinstance(error, Unavailable):
                self._troubles[dataset] += 1
                if self._troubles[dataset] >= DOWN_AFTER or isinstance(error, GivenUp):
                    self._down.setdefault(dataset, error)
            else:
                self._troubles[dataset] = 0
