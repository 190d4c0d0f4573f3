"""What revisions replaced in the series of a store: listed at once, and read series by series."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from attrs import frozen

from ..models import Dataset
from ..stores import ABSENT, Entry, Store
from .keys import SeriesKey
from .objects import Miss, Rows, decode_past

log = logging.getLogger(__name__)


@frozen
class Past:
    """The objects under revisions, by the folder of their series."""

    store: Store
    listed: Mapping[str, Sequence[Entry]]

    def of(self, key: SeriesKey, dataset: Dataset, *, moved: bool) -> list[Rows] | Miss:
        """All that was replaced in a series; a Miss where some of it is damaged, for nobody knows
        what was in it. What is whole and was written for other columns says nothing.

        `moved` says that the series was written after the listing: a writer puts under revisions
        what it replaces before it replaces it, so there is more than was listed. Raises StoreError.
        """
        found = []
        for entry in self._entries(key, moved):
            stored = self.store.get(entry.key, known=entry)
            rows = decode_past(stored, key, dataset) if stored else None
            if isinstance(rows, Rows):
                found.append(rows)
            elif rows:
                log.warning("%s in %s is not used: %s", entry.key, self.store.url, rows.reason)
                if not rows.former:
                    return Miss(f"{entry.key} beside it: {rows.reason}", entry.generation)
        return found

    def _entries(self, key: SeriesKey, moved: bool) -> Iterable[Entry]:
        return self.store.list(f"{key.revisions}/") if moved else self.listed.get(key.revisions, ())


def list_past(store: Store, under: str) -> Past:
    """What lies under a prefix of the revisions; one listing. Raises StoreError."""
    listed: dict[str, list[Entry]] = {}
    for entry in store.list(under):
        listed.setdefault(entry.key.rpartition("/")[0], []).append(entry)
    return Past(store, listed)


def hides(current: Miss, moment: datetime) -> bool:
    """Whether what lies there, and cannot be used, is or may be what was known at that moment."""
    if current.generation == ABSENT:
        return False
    return current.former is None or current.begun is None or current.begun <= moment
