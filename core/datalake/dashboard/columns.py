"""What a published file says of its columns of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from attrs import asdict, frozen

from .facts import Note


@frozen
class Column:
    """One column; what the file does not say of it is None. `settled` is the last closed day that
    it can be known to, `through` the last one on which any asset has a value."""

    name: str
    note: Note
    settled: date | None
    through: date | None

    @property
    def feeds(self) -> list[tuple[str, str]]:
        """The providers and datasets that it comes from, the first one first."""
        parts = [one.strip().split(".") for one in (self.note.source or "").split(",")]
        return [(part[0], part[1]) for part in parts if len(part) > 2]

    def behind(self, through: date | None) -> int | None:
        """How many days beyond that one could be known; None where nobody knows."""
        if self.settled is None or through is None:
            return None
        return max(0, (self.settled - through).days)

    def plain(self) -> dict[str, Any]:
        """As the page is told of it."""
        return {
            "name": self.name,
            **asdict(self.note),
            "provider": self.feeds[0][0] if self.feeds else None,
            "through": self.through,
            "behind": self.behind(self.through),
        }


def columns_of(
    notes: Mapping[str, Note], through: Mapping[str, date | None], closed_through: date
) -> Sequence[Column]:
    """The columns of which it is known how far they go, with what the file says of each."""
    columns = []
    for name, last in through.items():
        note = notes.get(name, Note())
        settled = min(note.last_closed, closed_through) if note.last_closed else None
        columns.append(Column(name, note, settled, last))
    return columns
