"""How dates, instants and lists are written on the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timezone
from typing import Any

import click


class Day(click.ParamType[date]):
    """A UTC day, `2026-03-15`."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day like 2026-03-15", param, ctx)


class LastDay(Day):
    """A UTC day, or `yesterday` (None: the last day that is over)."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return None if value == "yesterday" else super().convert(value, param, ctx)


class Instant(click.ParamType[datetime]):
    """A UTC instant, `2026-03-15T10:30Z`; a day alone means its end, or now if it is today."""

    name = "instant"

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            if len(value) == len("2026-03-15"):
                end = datetime.combine(date.fromisoformat(value), time.max, timezone.utc)
                now = self._clock()
                return now if end.date() == now.date() else end.replace(microsecond=0)
            instant = datetime.fromisoformat(value.replace("Z", "+00:00"))
            if instant.tzinfo is None:
                return instant.replace(tzinfo=timezone.utc)
            return instant.astimezone(timezone.utc)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not an instant like 2026-03-15T10:30Z", param, ctx)


class Names(click.ParamType[tuple[str, ...]]):
    """A comma-separated list; blanks round the names do not count."""

    name = "name,…"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in value.split(",") if name.strip())
        if not names:
            self.fail("is empty: give at least one name", param, ctx)
        return names
