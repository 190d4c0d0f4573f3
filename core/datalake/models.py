"""The values that plugins declare and the framework passes round; all of them are frozen."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

if TYPE_CHECKING:
    from .client import Client

DAY = timedelta(days=1)


@frozen
class Asset:
    """A coin by its CoinGecko id, with what the universe's provider says of it today.

    `market_cap` and `price` are in US dollars, None where unknown. An asset that is only named
    (a variant from the mapping, say) has nothing but its id.
    """

    id: str
    symbol: str | None = None
    name: str | None = None
    market_cap: float | None = None
    price: float | None = None
    image: str | None = None


@frozen(kw_only=True)
class CatalogueEntry:
    """A coin as a provider's list of all coins has it.

    `volume` is of the last 24 hours, in US dollars; `platforms` are its contracts by the provider's
    names of chains. `groups` say what the provider files it under, of "wrapped", "bridged" and
    "staked"; `secondary` that the provider leaves it out of its list by market cap, since it stands
    for another coin.
    """

    asset: Asset
    volume: float | None = None
    platforms: Mapping[str, str] = field(factory=dict)
    groups: frozenset[str] = frozenset()
    secondary: bool = False


@frozen(order=True)
class Window:
    """A half-open range of UTC days, `[start, end)`."""

    start: date
    end: date

    def __bool__(self) -> bool:
        return self.start < self.end

    @property
    def days(self) -> int:
        return max(0, (self.end - self.start).days)

    @property
    def last(self) -> date:
        """The last day inside."""
        return self.end - DAY

    def __and__(self, other: Window) -> Window:
        """The days in both; empty (and false) where they do not meet."""
        return Window(max(self.start, other.start), min(self.end, other.end))

    def __or__(self, other: Window) -> Window:
        """The smallest window that holds both, the gap between them included."""
        return Window(min(self.start, other.start), max(self.end, other.end))

    def unix(self) -> tuple[int, int]:
        """Start and end as seconds since 1970, both at midnight UTC."""
        return _midnight(self.start), _midnight(self.end)


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp())


class Stamp(enum.Enum):
    """What a source's time stamp says of the day that a row covers.

    START: the stamp lies in the day (its midnight, or any later instant of it).
    END: the midnight that *closes* the day; row D carries the stamp `D+1 00:00`. A stamp that is
    not a midnight is a state "as of now" and can only belong to the day that is still open.
    """

    START = "start of the day it covers"
    END = "end of the day it covers"


@frozen
class Column:
    """One measured column of a dataset. Values below `minimum` or above `maximum` are rejected
    at the boundary: they become null and are counted in the run report.

    `witness_of` names a value column of the published file that this one measures too, from other
    sources: the gate holds the two against each other.
    """

    unit: str
    meaning: str
    type: Literal["double", "int64", "string"] = "double"
    minimum: float | None = None
    maximum: float | None = None
    witness_of: str | None = None


@frozen
class Rate:
    """So many calls in so many seconds."""

    calls: float
    seconds: float = 60.0

    @property
    def interval(self) -> float:
        """Seconds from one call to the next."""
        return self.seconds / self.calls


@frozen
class Key:
    """How a provider's key is set and how it travels.

    `variable` is the environment variable that holds it. `place` says where it goes: into the
    header or the query item called `name`, or into the URL path, where the plan's `base_url`
    has `{key}`. `prefix` comes before it: `Bearer` and a blank, say.
    """

    variable: str
    place: Literal["header", "query", "path"] = "header"
    name: str = ""
    prefix: str = ""


@frozen
class Quota:
    """How many calls a key has in a month or a day: `limit` in all, `left` of them as yet; None
    where nobody says."""

    limit: int | None = None
    left: int | None = None
    per: Literal["month", "day"] = "month"


@frozen
class Plan:
    """One tier at which a provider can be used.

    `reach` is how far back this plan may look (None: all there is). `quota` is what it gives beside
    the rate; where the vendor tells of a key what is left, `usage_url` is where (with `{key}` for a
    key that travels in the path), and the provider's `usage` reads the answer.
    """

    name: str
    base_url: str
    rate: Rate
    key: Key | None = None
    reach: timedelta | None = None
    quota: Quota | None = None
    usage_url: str | None = None


if TYPE_CHECKING:
    #: What a fetch may return: an Arrow table, a pandas frame, or columns by name; `time` and the
    #: dataset's columns. More columns and more days than asked are cropped by the framework.
    Fetched = Any
    Resolve = Callable[[Asset, Client], str | None]
    Fetch = Callable[[str, Window, Client], Fetched]
    #: How many calls that fetch makes when nothing fails.
    Calls = Callable[[str, Window, Client], int]
    #: Returns the same with `native_id` beside `time`, one row for each asset that it tells of.
    Snapshot = Callable[[Sequence[str], Client], Fetched]
    ListAssets = Callable[[Sequence[str] | None, Client], Iterator[Asset]]
    ListCatalogue = Callable[[Client], Iterable[CatalogueEntry]]
    Classify = Callable[[int, bytes], "type[Exception] | None"]
    Usage = Callable[[Any], Quota]


def same_id(asset: Asset, client: Client) -> str | None:
    """The provider knows assets by the same ids as we do."""
    return asset.id


def one_call(native_id: str, window: Window, client: Client) -> int:
    """Every window takes a single call."""
    return 1


@frozen(kw_only=True)
class Dataset:
    """One kind of daily series that a provider offers.

    - `fetch(native_id, window, client)` returns `time` and the declared columns for the days of
      the window. `time` holds integers since 1970 in `time_unit`, or time stamps.
    - `calls(native_id, window, client)` says how many calls that fetch makes when nothing fails, by
      default one; it may look at lists that are kept, and asks for nothing else. A run is planned,
      and its budget spent, by it.
    - `resolve(asset, client)` gives the provider's own name for an asset, or None where the
      provider does not cover it.
    - `snapshot(native_ids, client)`, where there is one, brings the open day of many assets in few
      calls: `native_id`, `time` and the declared columns, at most one row for each id. `time`
      is the moment of that state, written as in a fetch; a row counts only if it lies in the day
      that is open, whatever `stamp` says. Units are those of the columns; an amount of a day is
      that of the 24 hours up to `time`. What cannot be compared with what `fetch` brings is null,
      or has no row. It raises as a fetch does; then nothing is known of the open day.
    - `stamp` says which day a row's time means; the framework turns it into that day.
    - `settle` is how long after midnight the day before is final.
    - `since` is the first day that exists; `reach` limits single plans further.
    - `plans` names the plans on which a run fetches it unasked (None: all).
    - `apart` names, by plan, under what else the cache keeps series that a plan gives in another
      making: under one name the two would take each other's place in a shared cache.
    - `whole` says that every call brings the whole history, whatever window is asked.
    - `tolerance` is the relative difference between two readings of a closed day that is no
      revision.
    """

    name: str
    columns: Mapping[str, Column]
    fetch: Fetch
    stamp: Stamp
    calls: Calls = one_call
    resolve: Resolve = same_id
    snapshot: Snapshot | None = None
    time_unit: Literal["s", "ms"] = "s"
    settle: timedelta = timedelta(0)
    since: date = date(2009, 1, 3)
    reach: Mapping[str, timedelta] = field(factory=dict)
    plans: frozenset[str] | None = None
    apart: Mapping[str, str] = field(factory=dict)
    whole: bool = False
    tolerance: float = 1e-6

    def earliest(self, plan: Plan, today: date) -> date:
        """The first day that this plan may ask for."""
        limits = [limit for limit in (plan.reach, self.reach.get(plan.name)) if limit is not None]
        return max([self.since, *(today - limit for limit in limits)])

    def kept_as(self, plan: Plan) -> str:
        """The dataset's name in the cache for series of this plan."""
        return self.apart.get(plan.name, self.name)

    def closed_through(self, now: datetime) -> date:
        """The last day that is over and settled at `now`."""
        return (now - self.settle).date() - DAY

    def witnesses(self, columns: Iterable[str]) -> dict[str, str]:
        """Its columns that are witnesses, by name the published one that they stand beside."""
        wanted = set(columns)
        return {
            name: column.witness_of
            for name, column in self.columns.items()
            if column.witness_of in wanted
        }


@frozen(kw_only=True)
class Provider:
    """A source of data, as a plugin declares it.

    `plans` come in order of preference: a run takes the first whose key is set (or that needs
    none), unless `NAME_PLAN` names another. `universe(ids, client)` yields assets by market cap,
    page by page, and is read only as far as needed; with ids it yields just those.
    `catalogue(client)` gives every coin that the provider knows, for the care of the mapping.
    `classify(status, body)` names the error of an answer that HTTP's own meaning does not tell.
    `reset_header` is the vendor's header that says when its limit is free again, `left_header` the
    one that says how many calls of the plan's quota are left; `usage(answer)` reads the same from
    the answer of the plan's `usage_url`.
    """

    name: str
    title: str
    plans: Sequence[Plan]
    datasets: Sequence[Dataset]
    keys_url: str = ""
    universe: ListAssets | None = None
    catalogue: ListCatalogue | None = None
    classify: Classify | None = None
    reset_header: str | None = None
    left_header: str | None = None
    usage: Usage | None = None

    def dataset(self, name: str) -> Dataset:
        """The dataset of that name, or whose series the cache keeps under it; else KeyError."""
        for dataset in self.datasets:
            if name in (dataset.name, *dataset.apart.values()):
                return dataset
        raise KeyError(name)

    def variables(self) -> Iterable[str]:
        """The environment variables that may hold a key for it."""
        return dict.fromkeys(plan.key.variable for plan in self.plans if plan.key)
