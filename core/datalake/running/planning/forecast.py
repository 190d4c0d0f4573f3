"""What a run would cost, known before it makes any call for a series: `datalake plan`.

It finds the same assets, names and gaps as the run, by the same code, and stops there.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import field, frozen

from ...cache.coverage import OVERLAP
from ...client import Retry
from ...client.budget import ALL, Budget
from ...clock import now
from ...errors import FetchError
from ...models import DAY, Quota, Window
from ...plugins import Registry
from ..fetching.fetch import ended, pool_for
from ..fetching.lane import Lane, at_hand
from ..fetching.open_day import take
from ..opening import checked, opened
from ..options import Options
from ..sources import Skipped, Source
from ..universe.listing import find_universe
from .due import Due, affordable, calls_for
from .plan import Want

#: A month of runs, one a day.
RUNS_A_MONTH = 30


@frozen(kw_only=True)
class DatasetForecast:
    """`series` are those that the provider covers; of them `cache_hits` take no call. `left` are
    those for which the budget has no room."""

    series: int = 0
    cache_hits: int = 0
    calls: int = 0
    left: int = 0


@frozen(kw_only=True)
class ProviderForecast:
    """One provider's part. `calls` are all that the run makes if nothing fails, `lookups` those of
    them that are for lists; `a_day` and `a_month` what they come to at one run a day from now on.
    `seconds` is what the rate allows them in. `enough` says whether what is left of the quota is
    enough for this run, and `enough_daily` whether the quota is for one run each day; None where
    nobody tells.
    """

    plan: str
    calls: int
    lookups: int
    cache_hits: int = 0
    left: int = 0
    seconds: float
    a_day: int
    a_month: int
    quota: Quota | None = None
    enough: bool | None = None
    enough_daily: bool | None = None
    datasets: Mapping[str, DatasetForecast] = field(factory=dict)
    trouble: Sequence[str] = ()


@frozen(kw_only=True)
class Forecast:
    """`seconds` is the critical path, that of the `slowest` provider; `done_at` its end if the run
    began now. `trouble` says what is wrong with the list of the assets or with the open day."""

    as_of: str
    cache: str
    synthetic: bool
    assets: int
    calls: int
    cache_hits: int
    left: int
    seconds: float
    slowest: str | None
    done_at: str
    providers: Mapping[str, ProviderForecast]
    skipped: Sequence[Skipped] = ()
    trouble: str | None = None


def forecast(
    options: Options,
    registry: Registry,
    environment: Mapping[str, str],
    *,
    clock: Callable[[], datetime] = now,
    retry: Retry | None = None,
) -> Forecast:
    """What `run` would do with these options. Writes nothing, and asks for lists alone; snapshots
    of the open day are such, and counted by being taken.

    Raises ConfigError for a user's mistake, FetchError where the assets cannot be listed.
    """
    _, mapping = checked(options, registry, clock())
    stop = threading.Event()
    budget = Budget(options.max_calls, options.timeout)
    with opened(options, registry, environment, clock, stop, retry, budget) as found:
        store, world, members, as_of = found.store, found.world, found.sources, found.as_of
        listing = find_universe(options, members.lister, world, store, mapping, as_of)
        parts = found.lanes(options, listing.universe, mapping, read_only=True)
        at_hand(parts)
        dues = _look(parts, stop)
        intervals = {name: lane.tally.interval for name, lane in parts.items()}
        asking = _asking(dues)
        chosen = affordable(asking, budget, intervals)
        # where series are left the run ends before it asks for today
        whole = all(len(chosen[name]) == len(some) for name, some in asking.items())
        short = _short(dues, chosen, budget, as_of, stop) if options.open_day and whole else ""
        told = {
            source.provider.name: _provider(source, dues.get(source.provider.name, []), chosen)
            for source in members.all
        }
    seconds = {name: one.seconds for name, one in told.items()}
    longest = max(seconds.values(), default=0.0)
    return Forecast(
        as_of=as_of.isoformat(),
        cache=store.url,
        synthetic=world.synthetic,
        assets=len(listing.universe.assets),
        calls=sum(one.calls for one in told.values()),
        cache_hits=sum(one.cache_hits for one in told.values()),
        left=sum(one.left for one in told.values()),
        seconds=longest,
        slowest=max(seconds, key=lambda name: seconds[name]) if longest else None,
        done_at=(clock() + timedelta(seconds=longest)).isoformat(timespec="seconds"),
        providers=told,
        skipped=members.skipped,
        trouble="; ".join(filter(None, (listing.trouble, short))) or None,
    )


def _look(parts: Mapping[str, Lane], stop: threading.Event) -> dict[str, list[Due]]:
    with pool_for(parts.values(), stop) as pool:
        looking = {name: pool.submit(lane.look, pool) for name, lane in parts.items()}
        return dict(ended(looking))


def _short(
    dues: Mapping[str, Sequence[Due]],
    chosen: Mapping[str, Sequence[Due]],
    budget: Budget,
    as_of: datetime,
    stop: threading.Event,
) -> str:
    """Take the snapshots, so that their calls are counted; why a run could not, if that is so."""
    found = [one.job for some in dues.values() for one in some if one.job.native_id]
    calls = {name: sum(one.calls for one in some) for name, some in chosen.items()}
    told = take([(job.want, job.native_id) for job in found], as_of, stop)
    fits = all(count <= budget.left(name) for name, count in calls.items())
    fits = fits and sum(calls.values()) <= budget.left(ALL)
    fits = fits and not any(snapshot.left for _, snapshot in told)
    return "" if fits else "no calls are left for the open day, so that nothing would be published"


def _asking(dues: Mapping[str, Sequence[Due]]) -> dict[str, list[Due]]:
    return {name: [one for one in some if one.asks] for name, some in dues.items()}


def _provider(
    source: Source, dues: Sequence[Due], chosen: Mapping[str, Sequence[Due]]
) -> ProviderForecast:
    stats = source.client.stats
    lookups = stats.calls - stats.retries
    asked = chosen.get(source.provider.name, ())
    datasets = _datasets(dues, set(asked))
    calls = lookups + sum(one.calls for one in asked)
    a_day = lookups + sum(calls_for(one.job, _closing(one.job.want)) for one in dues)
    trouble = {source.scrub(str(one.job.error)): None for one in dues if one.job.error}
    try:
        quota = source.quota()
    except FetchError as error:
        quota = source.plan.quota
        trouble[source.scrub(str(error))] = None
    enough, enough_daily = _enough(quota, calls, a_day)
    return ProviderForecast(
        plan=source.plan.name,
        calls=calls,
        lookups=lookups,
        cache_hits=sum(one.cache_hits for one in datasets.values()),
        left=sum(one.left for one in datasets.values()),
        seconds=round(calls * source.interval, 3),
        a_day=a_day,
        a_month=a_day * RUNS_A_MONTH,
        quota=quota,
        enough=enough,
        enough_daily=enough_daily,
        datasets=datasets,
        trouble=list(trouble),
    )


def _datasets(dues: Sequence[Due], asked: set[Due]) -> dict[str, DatasetForecast]:
    names = dict.fromkeys(one.job.want.dataset.name for one in dues)
    series, hits, calls, left = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for one in dues:
        name = one.job.want.dataset.name
        series[name] += 1
        hits[name] += one.hit
        calls[name] += one.calls if one in asked else 0
        left[name] += one.asks and one not in asked
    return {
        name: DatasetForecast(
            series=series[name], cache_hits=hits[name], calls=calls[name], left=left[name]
        )
        for name in names
    }


def _closing(want: Want) -> Window:
    """What is asked of a series for one more day."""
    if want.dataset.whole:
        return want.reachable
    end = want.reachable.end
    return Window(max(want.reachable.start, end - OVERLAP - DAY), end)


def _enough(quota: Quota | None, calls: int, a_day: int) -> tuple[bool | None, bool | None]:
    if quota is None:
        return None, None
    left = quota.limit if quota.left is None else quota.left
    runs = RUNS_A_MONTH if quota.per == "month" else 1
    return (
        calls <= left if left is not None else None,
        a_day * runs <= quota.limit if quota.limit is not None else None,
    )
