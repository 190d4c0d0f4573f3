"""Price, market cap and volume of a day, from CoinGecko's market charts."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from datalake import Client, Window

from .plans import PAID, YEAR

DAY_MS = 86_400_000
LATE_MS = 600_000
HOUR_S = 3_600

#: Stamps and values of one of a chart's lists.
List = tuple[NDArray[np.int64], NDArray[np.float64]]


class Point(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """A pair in one of the lists, which come by the thousand: the garbage collector, which can find
    nothing in it, passes over it."""

    stamp: int
    value: float | None


class Chart(msgspec.Struct):
    """A body of `/coins/{id}/market_chart` and of `/range`: milliseconds and values."""

    prices: list[Point]
    market_caps: list[Point]
    total_volumes: list[Point]


def fetch(coin: str, window: Window, client: Client) -> dict[str, NDArray[Any]]:
    """The market chart of a coin, one point per midnight and one of now.

    `interval=daily` is sent always: without it a short window, or a coin younger than 90 days,
    is answered hour by hour. Ranges above 90 days are cached by CoinGecko for 12 hours, so an
    answer may lack the last days; they are then not covered, and asked for again.
    """
    path, query = _request(window, client)
    common = {"id": coin, "vs_currency": "usd", "interval": "daily"}
    return table(client.get(path, {**common, **query}, into=Chart))


def _request(window: Window, client: Client) -> tuple[str, dict[str, int]]:
    if client.plan.name in PAID:
        start, end = window.unix()
        # The last day is stamped with `end` itself; an hour more, in case `to` is exclusive.
        return "coins/{id}/market_chart/range", {"from": start, "to": end + HOUR_S}
    # N days bring N midnights, today's included: row D needs the midnight after it. Beyond 365
    # the answer is an error (10012), not the part that there is.
    days = (client.now.date() - window.start).days
    return "coins/{id}/market_chart", {"days": min(max(days, 1), YEAR.days)}


def table(chart: Chart) -> dict[str, NDArray[Any]]:
    """A chart as columns; the three lists are joined on their stamps, not on their places."""
    lists = {
        "price": _arrays(chart.prices),
        "market_cap": _arrays(chart.market_caps),
        "volume": _arrays(chart.total_volumes),
    }
    time, columns = _joined(lists)
    # A market cap of zero says that the supply is not known (WBTC until 2020-09, sky for 82 days);
    # nothing is sold for zero or less. A volume of zero is real: nobody trades some funds.
    columns["price"][columns["price"] <= 0] = np.nan
    columns["market_cap"][columns["market_cap"] == 0] = np.nan
    return {"time": _punctual(time), **columns}


def _joined(lists: dict[str, List]) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    every = [stamps for stamps, _ in lists.values()]
    time = every[0]
    if (np.diff(time) > 0).all() and all(np.array_equal(time, other) for other in every):
        return time, {name: values for name, (_, values) in lists.items()}  # nearly always
    time = np.unique(np.concatenate(every))
    columns = {name: np.full(len(time), np.nan) for name in lists}
    for name, (stamps, values) in lists.items():
        columns[name][np.searchsorted(time, stamps)] = values
    return time, columns


def _arrays(points: list[Point]) -> List:
    stamps = np.array([point.stamp for point in points], dtype=np.int64)
    return stamps, np.array([point.value for point in points], dtype=np.float64)


def _punctual(time: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give a point that came minutes late its midnight, where that midnight has no point.

    Bitcoin's history has two such, at 00:05 of 2018-01-30 and of 2018-02-08. The last point of
    an answer is never moved: it is the one of now.
    """
    if not (time[:-1] % DAY_MS).any():
        return time
    midnight = time - time % DAY_MS
    late = (time - midnight <= LATE_MS) & ~np.isin(midnight, time)
    late[-1:] = False
    return np.where(late, midnight, time)
