"""One wanted series: from the cache or its provider, and into the tally whatever comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal

import pyarrow as pa
from attrs import evolve, frozen

from ...cache import AssetCache, Cached, CameFrom, Look, rejected, stood_in
from ...cache.rows import last_day
from ...client.journal import concerning
from ...errors import DatalakeError, FetchError, NotFound, OverBudget, SchemaError, StoreError
from ...models import Window
from ...series import Reject, series_schema
from ..planning.naming import Job, guarded, looked_at, series_key
from ..planning.plan import Want
from ..tally import Failure, Revised, Tally, Uncovered
from .cached import from_cache, served_window
from .health import GIVEN_UP, Health
from .shelf import Shelf, Shelved

#: A series that ends so close to the last wanted day is late; one that ended earlier is over.
LATE = timedelta(days=7)
How = Literal["cached", "fetched", "stood in", "missing"]


@frozen
class Series:
    """One dataset's rows for one asset: `date` and the wanted ones of the dataset's columns.

    `known_through` is set where later days exist, or may, and could not be had: nothing is known
    of the series after that day (date.min: nothing at all). `how` says whether the rows were
    cached, fetched just now, stood in for later ones, or are missing; `source` of what they are
    part; `learnt` is the moment of each. `today` is the one row of the open day, where there is
    one; it is no part of the table. Rows that are `held` by a shelf are read whenever they are
    asked for.
    """

    want: Want
    held: pa.Table | Shelved
    known_through: date | None = None
    how: How = "missing"
    source: CameFrom | None = None
    learnt: pa.ChunkedArray | None = None
    today: pa.Table | None = None

    @property
    def rows(self) -> pa.Table:
        """All rows, that of the open day the last."""
        return self.table if self.today is None else pa.concat_tables([self.table, self.today])

    @property
    def table(self) -> pa.Table:
        """The rows."""
        return self.held.read() if isinstance(self.held, Shelved) else self.held

    def put_aside(self, shelf: Shelf) -> Series:
        """The same, its rows on the shelf; when each was learnt is forgotten."""
        return evolve(self, held=shelf.put(self.table), learnt=None)


def bring(
    job: Job, cache: AssetCache, tally: Tally, health: Health, look: Look | None = None
) -> Series | None:
    """The series of one job; None where the provider does not cover the asset, or where the run
    may not ask any more. `look` is what the cache was seen to hold of it."""
    want = job.want
    try:
        cached = _cached(job, cache, health, look)
        if isinstance(cached.error, OverBudget):
            raise cached.error
    except OverBudget:
        tally.leave()
        return None
    except NotFound as error:
        health.heard(want.name, None)
        _uncovered(want, tally, str(error))
        return None
    except (FetchError, StoreError) as error:
        _quarantine(want, (), error, cache)
        if isinstance(error, FetchError):
            health.heard(want.name, error)
        tally.fail(_failure(want, error, None))
        nothing = series_schema(want.dataset).empty_table().select(["date", *want.columns])
        return Series(want, nothing, date.min)
    _quarantine(want, cached.rejects, cached.error, cache)
    if not cached.hit:
        health.heard(want.name, cached.error)
    return _judged(want, cached, tally)


def _cached(job: Job, cache: AssetCache, health: Health, look: Look | None) -> Cached:
    want = job.want
    if job.found:
        if job.error is None:
            return from_cache(job.found, want)
        return stood_in(job.found, served_window(job.found, want), str(job.error), job.error)
    if job.error:
        raise job.error
    look = look or looked_at(job, cache)
    return cache.bring(look, lambda window: _fetch(job, window, health))


def _fetch(job: Job, window: Window, health: Health) -> object:
    want = job.want
    if verdict := health.verdict(want.name):
        raise type(verdict)(f"{GIVEN_UP}{verdict}")
    with concerning(want.asset.id):
        return guarded(want, lambda: want.dataset.fetch(job.native_id, window, want.source.client))


def _quarantine(
    want: Want, rejects: Sequence[Reject], error: Exception | None, cache: AssetCache
) -> None:
    """Keep what was not let in: single values, or the reason why a whole answer was not."""
    if isinstance(error, SchemaError):
        rejects = [*rejects, Reject(want.source.scrub(str(error)))]
    if rejects and not cache.read_only:
        rejected.keep(cache.store, series_key(want), rejects, cache.clock())


def _judged(want: Want, cached: Cached, tally: Tally) -> Series | None:
    """What the rows are worth: whole, stale, late, over, or none at all."""
    last = last_day(cached.table)
    table = cached.table.select(["date", *want.columns])
    over = last is not None and last < want.wanted.last - LATE
    gone = isinstance(cached.error, NotFound) or (last is None and _asked_lately(want, cached))
    if last is None and (cached.error is None or gone):
        _uncovered(want, tally, str(cached.error or _nothing(want)))
        return None
    if last:
        tally.covered(cached)
    if cached.revised:
        tally.revise(_revised(want, cached.revised))
    if cached.error and not (over and gone):
        tally.fail(_failure(want, cached.error, cached.stale_through))
        through = _known_through(last, cached.asked_through)
        return Series(want, table, through, "stood in", cached.source, cached.learnt)
    how: How = "fetched" if cached.fetched else "cached"
    if over or last == want.wanted.last:
        return Series(want, table, None, how, cached.source, cached.learnt)
    if want.native:
        late = FetchError(f"{want.source.provider.title} has nothing yet of {want.wanted.last}")
        tally.fail(_failure(want, late, last))
    return Series(want, table, last, how, cached.source, cached.learnt)


def _asked_lately(want: Want, cached: Cached) -> bool:
    """Whether the provider, when it was last asked, could have told of the last days."""
    asked = cached.asked_through
    return asked is not None and asked >= want.wanted.last - LATE


def _known_through(last: date | None, asked_through: date | None) -> date:
    """A series that had ended when it was last asked, or had never begun, is known through that
    day."""
    if asked_through and (last is None or last < asked_through - LATE):
        return asked_through
    return last or date.min


def _revised(want: Want, days: Sequence[date]) -> Revised:
    first, last = days[0].isoformat(), days[-1].isoformat()
    return Revised(want.dataset.name, want.asset.id, first, last, len(days))


def _nothing(want: Want) -> str:
    return f"{want.source.provider.title} has none of the wanted days"


def _uncovered(want: Want, tally: Tally, reason: str) -> None:
    tally.miss(Uncovered(want.dataset.name, want.asset.id, want.source.scrub(reason)))


def _failure(want: Want, error: DatalakeError, stale_through: date | None) -> Failure:
    return Failure(
        want.dataset.name,
        want.asset.id,
        want.source.scrub(str(error)),
        stale_through.isoformat() if stale_through else None,
    )
