"""The exit codes of a run; what was published before stands in all but the first and DEGRADED."""

from __future__ import annotations

import enum


class Exit(enum.IntEnum):
    """How a run ended; `meaning` says it in words."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Exit:
        one = int.__new__(cls, code)
        one._value_ = code
        one.meaning = meaning
        return one

    PUBLISHED = 0, "published, or nothing new to publish"
    ERROR = 1, "unexpected error"
    USAGE = 2, "the command, the settings or a file are wrong"
    DEGRADED = 3, "published, but some series failed or are stale"
    REFUSED = 4, "the gate kept the candidate back"
    HELD = 5, "another run is at work on the same output"
    BUDGET = 6, "it may make no more calls, or its time is up"
    FAILED = 7, "every provider failed, or no asset has a price"
    INTERRUPTED = 130, "interrupted"
    TERMINATED = 143, "terminated"
