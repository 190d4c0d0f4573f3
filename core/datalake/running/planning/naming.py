"""Finds out by which name each provider knows an asset, before its series is asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from attrs import frozen

from ...cache import AssetCache, Found, Look, SeriesKey
from ...client import Stopped
from ...errors import DatalakeError, FetchError, SchemaError, StoreError
from ..fetching.health import Health
from ..tally import Tally, Uncovered
from .plan import Want

#: A name that was found out so recently is not forgotten because it cannot be found today.
STILL_KNOWN = timedelta(days=7)

log = logging.getLogger(__name__)
T = TypeVar("T")

NativeIds = Mapping[str, Mapping[str, str | None]]


@frozen
class Job:
    """A want with the provider's own name for its asset; or with what the cache holds of it, and
    the reason why that name could not be found out (None: the run is offline)."""

    want: Want
    native_id: str = ""
    found: Found | None = None
    error: FetchError | None = None


def series_key(want: Want) -> SeriesKey:
    """Where the cache keeps a wanted series."""
    source = want.source
    return SeriesKey(source.provider.name, want.dataset.kept_as(source.plan), want.asset.id)


def looked_at(job: Job, cache: AssetCache) -> Look:
    """What the cache holds of a job's series, and which days are to be asked. Raises StoreError."""
    want = job.want
    return cache.look(
        series_key(want),
        want.dataset,
        job.native_id,
        want.wanted,
        want.reachable,
        refresh=want.refresh,
        earlier=want.earlier,
    )


def jobs(
    wants: Sequence[Want],
    native_ids: NativeIds,
    cache: AssetCache,
    tally: Tally,
    health: Health,
    lists_down: dict[str, FetchError],
) -> Iterator[Job]:
    """The wants that the provider covers. `native_ids` are the mapping's, by dataset: they go
    before the provider's own; a null one says that the asset is not covered. `lists_down` has by
    dataset why its lists cannot be had, and is added to: they are not asked for again."""
    for want in wants:
        given = native_ids.get(want.name, {})
        if want.asset.id in given:
            native_id = given[want.asset.id]
            job = Job(want, native_id) if native_id else None
            reason = "the mapping says that it is not covered"
        else:
            job = _resolved(want, cache, health, lists_down)
            reason = f"{want.source.provider.title} has no such series"
        if job:
            yield job
        else:
            tally.miss(Uncovered(want.dataset.name, want.asset.id, reason))
            tally.finish()


def _resolved(
    want: Want, cache: AssetCache, health: Health, lists_down: dict[str, FetchError]
) -> Job | None:
    """The provider's own answer. Where it has none today, what was known lately stands in: two
    vendors' figures drift apart for a day, and a list may be down, this provider's or the one that
    describes the assets."""
    error: FetchError | None = lists_down.get(want.name)
    native_id = None
    if error is None:
        try:
            native_id = _native_id(want)
        except FetchError as caught:
            # the lists by which assets are found are down: every asset would fail alike
            error = lists_down[want.name] = caught
            health.heard(want.name, caught)
    if native_id:
        return Job(want, native_id)
    found = _lately(want, cache)
    if error:
        return Job(want, found.native_id, error=None) if found else Job(want, error=error)
    if found is None:
        return None
    if want.asset.symbol is None:  # the list that describes it is down, which is not its provider's
        return Job(want, found.native_id)
    title = want.source.provider.title
    return Job(want, found=found, error=FetchError(f"{title} cannot tell today which it is"))


def _native_id(want: Want) -> str | None:
    found: object = guarded(want, lambda: want.dataset.resolve(want.asset, want.source.client))
    if found is None or isinstance(found, str):
        return found
    name = f"{want.source.provider.name}: {want.dataset.name}.resolve"
    raise SchemaError(f"{name} gave {found!r}; it must give a text, or None")


def _lately(want: Want, cache: AssetCache) -> Found | None:
    try:
        found = cache.find(series_key(want), want.dataset)
    except StoreError:
        return None
    recent = want.source.client.now - STILL_KNOWN
    return found if isinstance(found, Found) and found.coverage.checked_at >= recent else None


def guarded(want: Want, call: Callable[[], T]) -> T:
    """A provider is foreign code: any error of its own is this series' failure, not the run's."""
    try:
        return call()
    except DatalakeError:
        raise
    except (KeyboardInterrupt, Stopped):
        raise
    except BaseException as error:
        # not only Exception: a provider that calls sys.exit would else end the run, as if well
        log.debug("%s failed for %s", want.name, want.asset.id, exc_info=True)
        raise FetchError(
            f"{want.source.provider.name} failed: {type(error).__name__}: {error}"
        ) from None
