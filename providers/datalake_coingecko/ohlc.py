"""Open, high, low and close of a day, from CoinGecko's candles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datalake import Client, Window

from .plans import PAID

DAY_S = 86_400
DAY_MS = 1_000 * DAY_S
CANDLES_PER_DAY = 6

#: `/ohlc/range` gives at most 180 daily candles a call: stamps s … s + 179 days.
SPAN_S = 179 * DAY_S
#: Calls overlap by one candle, so that none is lost at a seam if `to` is exclusive.
STEP_S = SPAN_S - DAY_S

#: Where the cache keeps series that are folded from 4-hour candles. They differ a little from the
#: vendor's daily ones and are a month long, so that neither may take the other's place.
FOLDED = "ohlc_4h"

#: What floats may be off; CoinGecko gives up to 17 digits.
NOISE = 1e-9

#: Stamp (milliseconds), open, high, low, close. There is no volume in a candle.
Candle = tuple[int, float | None, float | None, float | None, float | None]


def fetch(native_id: str, window: Window, client: Client) -> dict[str, NDArray[Any]]:
    """Daily candles: the vendor's own where the plan has them, else folded from 4-hour ones."""
    if client.plan.name in PAID:
        return table(_finished(list(_daily(native_id, window, client)), client.now))
    # Only 1, 7, 14, 30, … are valid; 30 is the most that still comes in 4-hour candles, and
    # beyond them are 4-day ones, of which no day can be made.
    query = {"vs_currency": "usd", "days": 30}
    candles = client.get("coins/{id}/ohlc", {"id": native_id, **query}, into=list[Candle])
    return fold(table(_finished(candles, client.now)))


def calls(native_id: str, window: Window, client: Client) -> int:
    """How many calls that takes. A young coin has no candles in the oldest of them; where its
    history begins is not known before, and a run must know beforehand what it will cost."""
    return len(_firsts(window)) if client.plan.name in PAID else 1


def _firsts(window: Window) -> range:
    """The first stamp of each call."""
    start, end = window.unix()
    return range(start, end, STEP_S)


def _daily(coin: str, window: Window, client: Client) -> Iterator[Candle]:
    _, end = window.unix()
    for first in _firsts(window):
        last = min(first + SPAN_S, end + DAY_S)
        days = {"interval": "daily", "from": first, "to": last}
        query = {"id": coin, "vs_currency": "usd", **days}
        yield from client.get("coins/{id}/ohlc/range", query, into=list[Candle])


def _finished(candles: list[Candle], now: datetime) -> list[Candle]:
    """A candle is stamped with its close, so one that is not over bears a stamp still to come
    (recorded at 15:34: the last one said 16:00)."""
    limit = now.timestamp() * 1_000
    return [candle for candle in candles if candle[0] <= limit]


def table(candles: list[Candle]) -> dict[str, NDArray[Any]]:
    """Candles as columns, in order of time, each stamp once; a price that cannot be is null."""
    once = {candle[0]: candle for candle in candles}
    cells = np.array([once[stamp] for stamp in sorted(once)], dtype=np.float64).reshape(-1, 5)
    prices = np.where(cells[:, 1:] > 0, cells[:, 1:], np.nan)
    prices[_contradictory(prices)] = np.nan
    names = ("open", "high", "low", "close")
    columns = {name: prices[:, place] for place, name in enumerate(names)}
    return {"time": cells[:, 0].astype(np.int64), **columns}


def _contradictory(prices: NDArray[Any]) -> NDArray[np.bool_]:
    """Where one price of a candle is above its high or below its low: no telling which of them is
    wrong. One such candle would have a whole publication refused."""
    high, low = prices[:, 1:2], prices[:, 2:3]
    return np.asarray(((prices > high * (1 + NOISE)) | (prices < low * (1 - NOISE))).any(axis=1))


def fold(candles: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Daily candles from 4-hour ones; only of days whose six candles are all there."""
    # A close at midnight ends its day: it belongs to the day before its stamp.
    day = (candles["time"] - 1) // DAY_MS
    days, first, number = np.unique(day, return_index=True, return_counts=True)
    whole = first[number == CANDLES_PER_DAY]
    six = whole[:, np.newaxis] + np.arange(CANDLES_PER_DAY)
    return {
        "time": (days[number == CANDLES_PER_DAY] + 1) * DAY_MS,
        "open": candles["open"][six][:, 0],
        "high": candles["high"][six].max(axis=1),
        "low": candles["low"][six].min(axis=1),
        "close": candles["close"][six][:, -1],
    }
