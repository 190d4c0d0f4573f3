"""What callers may write for names, days and instants, and what is meant by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from ..errors import ConfigError
from ..models import DAY, Window
from ..moments import to_day, to_instant
from ..suggest import did_you_mean

#: A day, or its text: `2026-03-15`.
Day = date | str
#: An aware datetime, the text of one (`2026-03-15T10:30Z`), or a day: then its end is meant.
Instant = datetime | date | str
#: One name, or several.
Names = str | Iterable[str]


def names_of(wish: Names | None) -> Sequence[str] | None:
    """Each name once, in order; one that stands alone is no sequence of letters."""
    if wish is None:
        return None
    return [wish] if isinstance(wish, str) else list(dict.fromkeys(wish))


def window_of(since: Day | None, until: Day | None) -> Window:
    """The days from `since` through `until`, both included; all of them by default."""
    first, last = day_of("since", since), day_of("until", until)
    return Window(first or date.min, last + DAY if last and last < date.max else date.max)


def day_of(name: str, wish: Day | None) -> date | None:
    """The day that the argument of that name means. Raises ConfigError."""
    try:
        return None if wish is None else to_day(wish)
    except ValueError as error:
        raise ConfigError(f"{name}: {error}") from None


def instant_of(wish: Instant, now: datetime) -> datetime:
    """The instant that `as_of` means. Raises ConfigError, also for the future: what will be known
    then is not known."""
    try:
        instant = to_instant(wish, now)
    except ValueError as error:
        raise ConfigError(f"as_of: {error}") from None
    if instant > now:
        raise ConfigError(f"as_of: {instant:%Y-%m-%d %H:%MZ} is in the future")
    return instant


def chosen_columns(wish: Names | None, known: Sequence[str], usual: Sequence[str]) -> list[str]:
    """The columns that are asked for, of those that are there. Raises ConfigError."""
    columns = list(usual) if wish is None else list(names_of(wish) or ())
    for name in columns:
        if name not in known:
            raise ConfigError(f"there is no column {name!r}{did_you_mean(name, known)}")
    return columns
