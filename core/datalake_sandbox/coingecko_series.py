"""A coin's history at CoinGecko's resolutions, with the points that are missing or out of place."""

from __future__ import annotations

from datetime import date

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from datalake_sandbox.market import DAY_SECONDS, Market, index_of, midnight_ms
from datalake_sandbox.noise import Series
from datalake_sandbox.quirks import (
    CAP_UNKNOWN_BEFORE,
    GAPS,
    MIGRATED_AWAY,
    NO_VOLUME,
    OFF_MIDNIGHT,
)
from datalake_sandbox.settling import CHART_SETTLED, early
from datalake_sandbox.universe import Coin

Stamps = NDArray[np.int64]


@frozen
class Points:
    """Values by time stamp (milliseconds), oldest first; a cap of 0 means unknown."""

    stamps: Stamps
    price: Series
    cap: Series
    volume: Series

    def between(self, start_ms: float, end_ms: float) -> Points:
        """The points within a closed interval."""
        chosen = (self.stamps >= start_ms) & (self.stamps <= end_ms)
        return Points(
            self.stamps[chosen], self.price[chosen], self.cap[chosen], self.volume[chosen]
        )


def last_index(market: Market, coin: Coin) -> int:
    """The newest midnight that charts of this coin have."""
    return min(market.today - early(market, CHART_SETTLED), _end(coin))


def _end(coin: Coin) -> int:
    return index_of(MIGRATED_AWAY.get(coin.id, date.max)) - 1


def first_index(coin: Coin) -> int:
    """A coin's first midnight."""
    return index_of(coin.start)


def _known(coin: Coin, index: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray(index >= index_of(CAP_UNKNOWN_BEFORE.get(coin.id, date.min)))


def daily(market: Market, coin: Coin, first: int) -> Points:
    """Midnights from index `first` on, stray points of old, and the moment now at the end."""
    begin = max(first, first_index(coin))
    index: NDArray[np.int64] = np.arange(begin, last_index(market, coin) + 1)
    for day, count in GAPS.get(coin.id, ()):
        index = index[(index < index_of(day)) | (index >= index_of(day) + count)]
    values = market.daily(coin)
    stray = [market.instant(when) for when in OFF_MIDNIGHT.get(coin.id, ())]
    extra = [x for x in stray if first <= x < market.now]
    if market.today <= _end(coin) and market.now >= first_index(coin):
        extra.append(market.now)
    others = moments(market, coin, np.array(extra))
    stamps = np.concatenate([midnight_ms(0) + index * DAY_SECONDS * 1000, others.stamps])
    order = np.argsort(stamps, kind="stable")
    stamps, keep = np.unique(stamps[order], return_index=True)
    order = order[keep]
    return Points(
        stamps=stamps,
        price=np.concatenate([values.price[index], others.price])[order],
        cap=np.concatenate([values.cap[index] * _known(coin, index), others.cap])[order],
        volume=np.concatenate([_traded(coin, values.volume[index]), others.volume])[order],
    )


def fine(market: Market, coin: Coin, span: float, step_seconds: int) -> Points:
    """Points every hour or five minutes of the last `span` days, a little late as the real ones."""
    per_day = DAY_SECONDS // step_seconds
    newest = int(market.now * per_day)
    slots = np.arange(newest - round(span * per_day), newest + 1)
    late = (slots * 2654435761 >> 7) % 150 / DAY_SECONDS
    instants = slots / per_day + late
    earliest = max(market.now - span, float(first_index(coin)))
    latest = min(market.now, float(_end(coin) + 1))
    instants = instants[(instants >= earliest) & (instants < latest)]
    return moments(market, coin, np.append(instants, latest))


def moments(market: Market, coin: Coin, instants: Series) -> Points:
    """Points at any moments, given in days since the market's epoch."""
    if not len(instants):
        nothing = np.zeros(0)
        return Points(nothing.astype(np.int64), nothing, nothing, nothing)
    state = market.at(coin, instants)
    stamps = midnight_ms(0) + np.round(instants * DAY_SECONDS * 1000).astype(np.int64)
    known = _known(coin, instants.astype(np.int64))
    return Points(stamps, state.price, state.cap * known, _traded(coin, state.volume))


def _traded(coin: Coin, volume: Series) -> Series:
    return volume * (0.0 if coin.id in NO_VOLUME else 1.0)


def candles(
    market: Market, coin: Coin, closes: NDArray[np.int64], width: int
) -> list[tuple[float, ...]]:
    """(close stamp in ms, open, high, low, close) for candles of `width` seconds.

    `closes` are seconds since the epoch of the market. A candle that is not over yet keeps its
    future stamp and ends now. Prices are sampled, so an open is not the close before it.
    """
    closes = closes[(closes > index_of(coin.start) * DAY_SECONDS)]
    if not len(closes):
        return []
    parts = np.linspace(0.0, 1.0, 25)
    parts[0] = 0.012
    seconds = np.minimum((closes - width)[:, None] + parts * width, market.now * DAY_SECONDS)
    prices = market.at(coin, seconds.ravel() / DAY_SECONDS).price.reshape(seconds.shape)
    table = np.column_stack([prices[:, 0], prices.max(axis=1), prices.min(axis=1), prices[:, -1]])
    stamps = (midnight_ms(0) + closes * 1000).tolist()
    return [
        (stamp, *(round(x, 2) if x >= 1 else float(f"{x:.6g}") for x in row))
        for stamp, row in zip(stamps, table.tolist(), strict=True)
    ]
