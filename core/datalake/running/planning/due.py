"""What a wanted series takes: nothing but the cache, or calls for the days that are missing.

The plan and the run both decide by this, so that the one foretells what the other does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve, frozen

from ...cache import AssetCache, Found, Look
from ...client.budget import ALL, Budget
from ...errors import FetchError, StoreError
from ...models import Window
from .naming import Job, guarded, looked_at


@frozen(eq=False)
class Due:
    """A job, what the cache holds of it, and the calls that it takes when nothing fails.

    `asks` says whether the provider is to be asked, `hit` that the cache serves instead, `closing`
    that only the last days are missing. `look` is None where the job itself says all, the cache
    cannot be read, or what was seen was set aside.
    """

    job: Job
    look: Look | None = None
    asks: bool = False
    hit: bool = False
    calls: int = 0
    closing: bool = False

    @property
    def value(self) -> tuple[bool, bool, int]:
        """What sorts the most valuable first: closing days before deep history, what is published
        before what is only kept, the largest assets before small ones."""
        want = self.job.want
        return (not self.closing, not want.columns, want.rank)


def due(job: Job, cache: AssetCache) -> Due:
    """What the job takes. Makes no call but for lists that are kept."""
    want = job.want
    if job.found or job.error:
        return Due(job, hit=job.error is None)
    try:
        look = looked_at(job, cache)
    except StoreError:
        return Due(job)  # whoever brings it meets the same, and says so
    entry, decision = look.entry, look.decision
    if decision.window is None:
        rows = isinstance(entry, Found) and len(entry.within(want.wanted)) > 0
        return Due(job, look, hit=decision.hit and rows)
    calls = calls_for(job, decision.window)
    return Due(job, look, asks=True, calls=calls, closing=decision.closing)


def calls_for(job: Job, window: Window) -> int:
    """The calls that a fetch of these days makes when nothing fails."""
    want = job.want
    try:
        return guarded(want, lambda: want.dataset.calls(job.native_id, window, want.source.client))
    except FetchError:
        return 0  # the fetch will end in the same way, before its first call


def set_aside(one: Due) -> Due:
    """The same without the rows that are cached: those of all series may not be held at once."""
    return evolve(one, look=None) if one.look and isinstance(one.look.entry, Found) else one


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
