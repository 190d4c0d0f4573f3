"""Whether the cache is enough for the wanted days, and which days to ask for where it is not."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from ..models import Dataset, Window
from ..stores import ABSENT
from .keys import SeriesKey
from .objects import Found, Miss


@frozen
class Decision:
    """`window` is what is to be fetched, None where nothing is; `reason` says why, in words.

    `hit` says that a cached series serves what can be had without a call, `closing` that nothing
    but the last days are missing of one that is cached.
    """

    hit: bool
    reason: str
    window: Window | None = None
    closing: bool = False


def decide(
    entry: Found | Miss,
    dataset: Dataset,
    wanted: Window,
    reachable: Window,
    now: datetime,
    *,
    refresh: bool = False,
) -> Decision:
    """For the wanted (closed) days, of which only the reachable ones can be asked for.

    With `refresh` all of them are asked for, and what is known besides, whatever is cached.
    """
    cached = isinstance(entry, Found)
    if not wanted & reachable:
        return Decision(cached, "no wanted day is within the plan's reach")
    everything = reachable if dataset.whole else wanted & reachable
    if isinstance(entry, Miss):
        return Decision(False, entry.reason, everything)
    if refresh:
        known = entry.coverage.known & reachable
        return Decision(
            False, "a refresh was asked for", everything | known if known else everything
        )
    missing = entry.coverage.missing(wanted, reachable, now)
    if missing is None:
        through = entry.coverage.asked_through(now)
        return Decision(True, f"all that can be had through {through} is cached")
    known_days = f"cached are {entry.coverage.start} to {entry.coverage.complete_through}"
    closing = (wanted & reachable).start >= entry.coverage.start
    return Decision(False, known_days, everything if dataset.whole else missing, closing)


def gone(entry: Found | Miss, asked: Window) -> bool:
    """Whether a name that is unknown now stays so, rather than by a slip of the vendor's: it never
    had a row, or has had none for long."""
    if isinstance(entry, Miss):
        return entry.generation == ABSENT
    return not len(entry.table) or entry.coverage.ended(asked.last)


@frozen(eq=False)
class Look:
    """A series that is wanted, what lies in the cache of it, and what is decided on that.

    Of the days `wanted` only the `reachable` ones can be asked for; all of them anew with
    `refresh`.
    """

    key: SeriesKey
    dataset: Dataset
    native_id: str
    wanted: Window
    reachable: Window
    refresh: bool
    entry: Found | Miss
    decision: Decision
