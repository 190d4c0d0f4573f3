"""`/coins/markets` and its relatives: what every coin is worth now, in order of market cap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any

import numpy as np
from attrs import evolve, frozen

from datalake_sandbox import coingecko_errors as errors
from datalake_sandbox import coingecko_series as series
from datalake_sandbox.market import EPOCH, Market
from datalake_sandbox.messages import Answer, json_answer
from datalake_sandbox.noise import uniform
from datalake_sandbox.numbers import iso, price_number, whole
from datalake_sandbox.quirks import MIGRATED_AWAY, NO_VOLUME, STALE_HOURS
from datalake_sandbox.universe import Coin

WINDOWS = {"1h": 1 / 24, "24h": 1, "7d": 7, "14d": 14, "30d": 30, "200d": 200, "1y": 365}
SLUGS: Mapping[str, Callable[[Coin], bool]] = {
    "stablecoins": lambda coin: coin.type == "usd",
    "wrapped-tokens": lambda coin: coin.kind == "wrapped",
    "bridged-tokens": lambda coin: coin.kind == "bridged",
    "liquid-staking-tokens": lambda coin: coin.kind == "staked",
}


@frozen
class Ticker:
    """A coin as of the clock: values now and a day ago, its extremes, and its place."""

    coin: Coin
    price: float
    volume: float
    cap: float
    day_ago: float
    cap_day_ago: float
    high: float
    low: float
    ath: tuple[float, int]
    atl: tuple[float, int]
    supply: float
    rank: int | None = None
    rank_with_rehypothecated: int | None = None


class Markets:
    """The tickers of one market at its clock."""

    def __init__(self, market: Market) -> None:
        self._market = market

    @cached_property
    def tickers(self) -> tuple[Ticker, ...]:
        """Every coin that trades now, largest market cap first."""
        market = self._market
        listed = [
            coin
            for coin in market.universe.coins.values()
            if series.first_index(coin) < market.now
            and (coin.id not in MIGRATED_AWAY or market.clock.date() < MIGRATED_AWAY[coin.id])
        ]
        rows = [self._ticker(coin) for coin in listed]
        ranks = self._ranks([row for row in rows if not row.coin.rehypothecated])
        with_all = self._ranks(rows)
        return tuple(
            _ranked(row, ranks.get(row.coin.id), with_all.get(row.coin.id))
            for row in sorted(rows, key=lambda row: -row.cap)
        )

    @cached_property
    def by_id(self) -> Mapping[str, Ticker]:
        """The same by coin id."""
        return {row.coin.id: row for row in self.tickers}

    def change(self, row: Ticker, days: float) -> float | None:
        """Per cent since some days ago; None if the coin was not listed then."""
        then = self._market.now - days
        if then < series.first_index(row.coin):
            return None
        before = float(self._market.at(row.coin, np.array([then])).price[0])
        return (row.price / before - 1) * 100

    def _ticker(self, coin: Coin) -> Ticker:
        market = self._market
        day = market.at(coin, np.linspace(market.now - 1.0, market.now, 13, dtype=np.float64))
        traded = 0.0 if coin.id in NO_VOLUME else 1.0
        past = market.daily(coin).price[series.first_index(coin) : market.today + 1]
        high, low = int(past.argmax()), int(past.argmin())
        first = series.first_index(coin)
        return Ticker(
            coin=coin,
            price=float(day.price[-1]),
            volume=float(day.volume[-1]) * traded,
            cap=float(day.cap[-1]),
            day_ago=float(day.price[0]),
            cap_day_ago=float(day.cap[0]),
            high=float(day.price.max()),
            low=float(day.price.min()),
            ath=(max(float(past[high]), float(day.price.max())), first + high),
            atl=(min(float(past[low]), float(day.price.min())), first + low),
            supply=float(market.daily(coin).supply[market.today]),
        )

    def _ranks(self, rows: list[Ticker]) -> dict[str, int]:
        """Ranks as CoinGecko has them: of some hours ago, with holes and shared numbers."""
        earlier = sorted(rows, key=lambda row: -row.cap_day_ago)
        ranks: dict[str, int] = {}
        for place, row in enumerate(earlier, start=1):
            draw = uniform(self._market.seed, row.coin.id, "rank")
            ranks[row.coin.id] = place + (place > 106) - (place > 100 and draw < 0.03)
        youngest = max(rows, key=lambda row: row.coin.start, default=None)
        if youngest:
            del ranks[youngest.coin.id]
        return ranks


def _ranked(row: Ticker, rank: int | None, with_all: int | None) -> Ticker:
    return evolve(row, rank=rank, rank_with_rehypothecated=with_all)


_ORDERS: Mapping[str, tuple[Callable[[Ticker], Any], bool]] = {
    "market_cap_desc": (lambda row: row.cap, True),
    "market_cap_asc": (lambda row: row.cap, False),
    "volume_desc": (lambda row: row.volume, True),
    "volume_asc": (lambda row: row.volume, False),
    "id_asc": (lambda row: row.coin.id, False),
    "id_desc": (lambda row: row.coin.id, True),
}


def coins_markets(markets: Markets, market: Market, query: Mapping[str, str]) -> Answer:
    """`/coins/markets`."""
    order = query.get("order", "market_cap_desc")
    if order not in _ORDERS:
        return errors.invalid("order")
    try:
        size, page = int(query.get("per_page", "100")), int(query.get("page", "1"))
    except ValueError:
        return errors.invalid("page")
    size, page = min(max(size, 1), 250), max(page, 1)
    rows = sorted(_chosen(markets.tickers, query), key=_ORDERS[order][0], reverse=_ORDERS[order][1])
    shown = rows[(page - 1) * size : page * size]
    return json_answer([_row(markets, market, row, query) for row in shown])


def _listed(text: str) -> set[str]:
    return {part.strip().lower() for part in text.split(",") if part.strip()}


def _chosen(rows: Iterable[Ticker], query: Mapping[str, str]) -> list[Ticker]:
    """Rows by the first of category, ids, names, symbols that is given; else the default list."""
    if "category" in query:
        wanted = SLUGS.get(query["category"])
        return [row for row in rows if wanted is not None and wanted(row.coin)]
    for parameter, attribute in (("ids", "id"), ("names", "name"), ("symbols", "symbol")):
        if query.get(parameter):
            values = _listed(query[parameter])
            return [row for row in rows if getattr(row.coin, attribute).lower() in values]
    everything = query.get("include_rehypothecated", "false").lower() == "true"
    return [row for row in rows if everything or not row.coin.rehypothecated]


def _row(markets: Markets, market: Market, row: Ticker, query: Mapping[str, str]) -> dict[str, Any]:
    coin, precision = row.coin, query.get("precision")
    stale = STALE_HOURS.get(coin.id)
    late = timedelta(seconds=20 * uniform(market.seed, coin.id, "late") + 3600 * (stale or 0))
    full = coin.max_supply or row.supply * 1.02
    body: dict[str, Any] = {
        "id": coin.id,
        "symbol": coin.symbol,
        "name": coin.name,
        "image": image(coin, "large"),
        "current_price": price_number(row.price, precision),
        "market_cap": whole(row.cap),
        "market_cap_rank": row.rank,
        "fully_diluted_valuation": whole(full * row.price),
        "total_volume": whole(row.volume),
        "high_24h": None if stale else price_number(row.high, precision),
        "low_24h": None if stale else price_number(row.low, precision),
        "price_change_24h": None if stale else row.price - row.day_ago,
        "price_change_percentage_24h": None if stale else percent(row.price, row.day_ago),
        "market_cap_change_24h": None if stale else row.cap - row.cap_day_ago,
        "market_cap_change_percentage_24h": None if stale else percent(row.cap, row.cap_day_ago),
        "circulating_supply": row.supply if row.cap else 0.0,
        "total_supply": row.supply * 1.01,
        "max_supply": coin.max_supply,
        **_extreme("ath", row.ath, row.price),
        **_extreme("atl", row.atl, row.price),
        "roi": None,
        "last_updated": iso(market.clock - late),
    }
    if query.get("include_rehypothecated", "").lower() == "true":
        body["market_cap_rank_with_rehypothecated"] = row.rank_with_rehypothecated
    if query.get("sparkline", "").lower() == "true":
        week = series.fine(market, coin, 7.0, 3600)
        body["sparkline_in_7d"] = {"price": week.price.tolist()}
    for window in sorted(_listed(query.get("price_change_percentage", "")) & WINDOWS.keys()):
        change = None if stale else markets.change(row, WINDOWS[window])
        body[f"price_change_percentage_{window}_in_currency"] = change
    return body


def _extreme(name: str, extreme: tuple[float, int], price: float) -> dict[str, Any]:
    value, index = extreme
    day = EPOCH + timedelta(days=index)
    return {
        name: price_number(value),
        f"{name}_change_percentage": percent(price, value),
        f"{name}_date": f"{day.isoformat()}T00:00:00.000Z",
    }


def percent(now: float, before: float) -> float | None:
    """The change in per cent, five decimals; None from nothing."""
    return round((now / before - 1) * 100, 5) if before else None


def image(coin: Coin, size: str) -> str:
    """The address of a coin's picture (nothing is served there)."""
    number = int(uniform(0, coin.id, "image") * 60_000)
    return f"https://coin-images.coingecko.com/coins/images/{number}/{size}/{coin.id}.png"
