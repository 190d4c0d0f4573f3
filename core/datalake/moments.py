"""How people write days and instants; all of them are UTC."""

from __future__ import annotations

from datetime import date, datetime, time, timezone

#: `2026-03-15` alone.
_DAY = len("2026-03-15")


def to_day(value: date | str) -> date:
    """A day, or the text of one (`2026-03-15`). Raises ValueError."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)  # type: ignore[arg-type]  # the other types are refused
    except (TypeError, ValueError):
        raise ValueError(f"{str(value)!r} is not a day like 2026-03-15") from None


def to_instant(value: date | datetime | str, now: datetime) -> datetime:
    """An aware instant in UTC. A day means its end, or `now` if it is today; a text without a zone
    is UTC. Raises ValueError, also for a datetime without a zone, which may mean anything."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone: give tzinfo=timezone.utc")
        return value.astimezone(timezone.utc)
    try:
        if isinstance(value, date) or len(value) == _DAY:
            return _end(to_day(value), now)
        instant = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return instant.astimezone(timezone.utc) if instant.tzinfo else _in_utc(instant)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{str(value)!r} is not an instant like 2026-03-15T10:30Z") from None


def _end(day: date, now: datetime) -> datetime:
    return now if day == now.date() else datetime.combine(day, time(23, 59, 59), timezone.utc)


def _in_utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=timezone.utc)
