"""What a published file says of its columns of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from attrs import frozen

from ..errors import ConfigError


@frozen
class Column:
    """One column; what the file does not say of it is None. `settled` is the last closed day that
    it can be known to, `through` the last one on which any asset has a value."""

    name: str
    note: Mapping[str, Any]
    settled: date | None
    through: date | None

    @property
    def feeds(self) -> list[tuple[str, str]]:
        """The providers and datasets that it comes from, the first one first."""
        parts = [one.strip().split(".") for one in str(self.note.get("source") or "").split(",")]
        return [(part[0], part[1]) for part in parts if len(part) > 2]

    def behind(self, through: date | None) -> int | None:
        """How many days beyond that one could be known; None where nobody knows."""
        if self.settled is None or through is None:
            return None
        return max(0, (self.settled - through).days)

    def plain(self) -> dict[str, Any]:
        """As the page is told of it."""
        told = {name: self.note.get(name) for name in ("unit", "meaning", "source", "time", "rule")}
        return {
            "name": self.name,
            **told,
            "provider": self.feeds[0][0] if self.feeds else None,
            "last_closed": self.note.get("last_closed"),
            "through": self.through,
            "behind": self.behind(self.through),
        }


def columns_of(
    facts: Mapping[str, Any], through: Mapping[str, date | None], closed_through: date
) -> Sequence[Column]:
    """The columns of which it is known how far they go, with what the file says of each."""
    notes = facts.get("columns", {})
    return [
        Column(name, note, _settled(note, closed_through), last)
        for name, last in through.items()
        for note in [notes.get(name, {})]
    ]


def _settled(note: Mapping[str, Any], closed_through: date) -> date | None:
    told = note.get("last_closed")
    if told is None:
        return None
    try:
        return min(date.fromisoformat(told), closed_through)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"its metadata say of no day that {told!r} is one") from error
