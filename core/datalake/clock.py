"""The real present: the one place that reads the clock; all else is told what time it is."""

from __future__ import annotations

from datetime import datetime, timezone


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(timezone.utc)
