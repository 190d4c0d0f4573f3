"""How dates, instants, spans, lists and limits are written on the command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import click

from ..client.budget import ALL
from ..moments import to_day, to_instant


class Day(click.ParamType[date]):
    """A UTC day, `2026-03-15`."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return to_day(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class LastDay(Day):
    """A UTC day, `yesterday` (None: the last day that is over), or `now` (today as well)."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value in ("yesterday", "now"):
            return None if value == "yesterday" else value
        return super().convert(value, param, ctx)


class Instant(click.ParamType[datetime]):
    """A UTC instant, `2026-03-15T10:30Z`; a day alone means its end, or now if it is today."""

    name = "instant"

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            return to_instant(value, self._clock())
        except ValueError as error:
            self.fail(str(error), param, ctx)


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


class Span(click.ParamType[timedelta]):
    """A span of time, `90s`, `20m` or `1.5h`."""

    name = "span"
    _seconds: ClassVar = {"s": 1, "m": 60, "h": 3600}

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)([smh])", value)
        if not found or not float(found[1]):
            self.fail(f"{value!r} is not a span like 90s, 20m or 1.5h", param, ctx)
        return timedelta(seconds=float(found[1]) * self._seconds[found[2]])


class Limit(click.ParamType[tuple[str, int]]):
    """So many calls of a provider, `lunarcrush=50`; or of all together, `400`."""

    name = "[name=]n"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        name, _, number = value.rpartition("=")
        if not number.strip().isdecimal() or value.startswith("="):
            self.fail(f"{value!r} is not a number of calls like 400 or lunarcrush=50", param, ctx)
        return name.strip() or ALL, int(number)
