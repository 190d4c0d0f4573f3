"""What a wanted series takes: nothing but the cache, or calls for the days that are missing.

The plan and the run both decide by this, so that the one foretells what the other does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from ..cache import AssetCache, Found, Look
from ..client.budget import ALL, Budget
from ..errors import FetchError, StoreError
from .naming import Job, guarded, looked_at


@frozen(eq=False)
class Due:
    """A job, what the cache holds of it, and the calls that it takes when nothing fails.

    `look` is None where the job itself says all, or the cache cannot be read. `closing` says that
    only the last days are missing.
    """

    job: Job
    look: Look | None
    calls: int = 0
    closing: bool = False

    @property
    def asks(self) -> bool:
        """Whether the provider is to be asked."""
        return self.look is not None and self.look.decision.window is not None

    @property
    def value(self) -> tuple[bool, bool, int]:
        """What sorts the most valuable first: closing days before deep history, what is published
        before what is only kept, the largest assets before small ones."""
        want = self.job.want
        return (not self.closing, not want.columns, want.rank)


def due(job: Job, cache: AssetCache) -> Due:
    """What the job takes. Makes no call but, at most, for lists that are kept already."""
    if job.found or job.error:
        return Due(job, None)
    want = job.want
    try:
        look = looked_at(job, cache)
    except StoreError:
        return Due(job, None)  # whoever brings it meets the same, and says so
    window = look.decision.window
    if window is None:
        return Due(job, look)
    try:
        calls = guarded(want, lambda: want.dataset.calls(job.native_id, window, want.source.client))
    except FetchError:
        calls = 0  # a fetch ends in the same way, before its first call
    return Due(job, look, calls, look.decision.closing)


def set_aside(one: Due) -> Due:
    """The same without the rows that are cached: all that are due may not be held at once."""
    if one.look and isinstance(one.look.entry, Found):
        return Due(one.job, None, one.calls, one.closing)
    return one


def affordable(
    dues: Mapping[str, Sequence[Due]], budget: Budget, intervals: Mapping[str, float]
) -> dict[str, list[Due]]:
    """By provider those for which there are calls and time, the most valuable first.

    A series is begun only if there is room for all its calls: part of one cannot be kept.
    """
    left = {name: budget.left(name) for name in (ALL, *dues)}
    for name in dues:
        if budget.seconds_left < float("inf") and intervals[name]:
            left[name] = min(left[name], budget.seconds_left // intervals[name])
    chosen: dict[str, list[Due]] = {name: [] for name in dues}
    for name, one in _by_value(dues):
        if one.calls <= min(left[ALL], left[name]):
            chosen[name].append(one)
            left[ALL] -= one.calls
            left[name] -= one.calls
    return chosen


def _by_value(dues: Mapping[str, Sequence[Due]]) -> Iterable[tuple[str, Due]]:
    named = [(name, one) for name, some in dues.items() for one in some]
    return sorted(named, key=lambda pair: pair[1].value)
