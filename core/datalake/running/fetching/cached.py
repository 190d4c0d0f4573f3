"""What an offline run has to go by: the series that the cache holds, whoever fetched them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...cache import AssetCache, Cached, Found, served, stood_in
from ...errors import FetchError, StoreError
from ...models import Window
from ..planning.naming import Job, NativeIds, series_key
from ..planning.plan import Want
from ..tally import Tally, Uncovered

MISSING = "not in the cache, and the run is offline"


def cached_jobs(
    wants: Sequence[Want], native_ids: NativeIds, cache: AssetCache, tally: Tally
) -> Iterator[Job]:
    """The wants that the cache can serve.

    A member of a sum that is not there is a failure: it may exist, and a sum without it would be
    a wrong number. Any other series that is not there is not covered.
    """
    for want in wants:
        given = native_ids.get(want.name, {})
        if want.asset.id in given and given[want.asset.id] is None:
            reason = "the mapping says that it is not covered"
        else:
            try:
                found = cache.find(series_key(want), want.dataset)
            except StoreError as error:
                yield Job(want, error=FetchError(str(error)))
                continue
            if isinstance(found, Found):
                yield Job(want, found.native_id, found)
                continue
            reason = MISSING
            if want.folded:
                yield Job(want, error=FetchError(reason))
                continue
        tally.miss(Uncovered(want.dataset.name, want.asset.id, reason))
        tally.finish()


def from_cache(found: Found, want: Want) -> Cached:
    """The wanted rows of a cached series; stale where nobody has asked for the last of them."""
    asked = max(found.coverage.complete_through, found.coverage.checked_through)
    window = served_window(found, want)
    if asked >= want.wanted.last:
        return served(found, window, True, "the run is offline")
    late = FetchError(f"the cache was last asked through {asked}, and the run is offline")
    return stood_in(found, window, str(late), late)


def served_window(found: Found, want: Want) -> Window:
    """The wanted days, and those before them that are cached, where they are of use."""
    return found.reaching_back(want.wanted) if want.earlier else want.wanted
