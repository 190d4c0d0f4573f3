"""Simulated attention: who LunarCrush follows, under which number, and how it scores them."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from datalake_sandbox.market import Market, index_of
from datalake_sandbox.noise import Series, uniform, wander
from datalake_sandbox.quirks import LUNARCRUSH_CAP_FACTORS, LUNARCRUSH_NAMES
from datalake_sandbox.universe import Coin

HISTORY = date(2020, 1, 1)
_TWIN_IDS = 200_000
_TWIN_EVERY = 4
Integers = NDArray[np.int64]


@frozen
class Followed:
    """One coin at LunarCrush. A twin only shares the symbol of `coin`, not name, price or cap."""

    number: int
    symbol: str
    name: str
    coin: Coin
    size: float = 1.0
    twin: bool = False

    @property
    def tiny(self) -> bool:
        """Too small for its share of all talk to be given."""
        return self.twin or self.coin.market_cap < 6e7

    @property
    def topic(self) -> str:
        """The search words."""
        return self.name.lower()


@frozen
class Scores:
    """LunarCrush's own measures by day."""

    galaxy: Integers
    sentiment: Integers
    dominance: Series
    alt_rank: Integers
    interactions: Integers


class Social:
    """The coins LunarCrush follows in one market."""

    def __init__(self, market: Market) -> None:
        self._market = market

    @cached_property
    def followed(self) -> tuple[Followed, ...]:
        """Everybody, largest anchor cap first, twins at the end."""
        coins = [c for c in self._market.universe.coins.values() if c.lunarcrush is not None]
        coins = [c for c in coins if index_of(c.start) + 2 < self._market.today]
        coins.sort(key=lambda coin: -coin.market_cap)
        known = [self._followed(coin) for coin in coins]
        twins = [
            Followed(
                number=_TWIN_IDS + n,
                symbol=coin.symbol.upper(),
                name=f"{coin.name} Inu",
                coin=coin,
                size=1e-6 + 1e-4 * uniform(0, coin.id, "twin"),
                twin=True,
            )
            for n, coin in enumerate(coins[: 40 * _TWIN_EVERY : _TWIN_EVERY])
        ]
        return (*known, *twins)

    def _followed(self, coin: Coin) -> Followed:
        off = 1.0 + 0.06 * (uniform(self._market.seed, coin.id, "cap") - 0.5)
        return Followed(
            number=coin.lunarcrush or 0,
            symbol=coin.symbol.upper(),
            name=LUNARCRUSH_NAMES.get(coin.id, coin.name),
            coin=coin,
            size=off * LUNARCRUSH_CAP_FACTORS.get(coin.id, 1.0),
        )

    def find(self, name: str) -> Followed | None:
        """By number, or by symbol: then the largest of that symbol."""
        for row in self.followed:
            if name == str(row.number) or name.lower() == row.symbol.lower():
                return row
        return None

    def first_day(self, row: Followed) -> int:
        """The array index of the first day with scores."""
        return index_of(max(HISTORY, row.coin.start + timedelta(days=1)))

    def scores(self, row: Followed) -> Scores:
        """Scores for every day since the market's epoch."""
        market = self._market

        def path(name: str, step: float) -> Series:
            number = str(row.number)
            return wander(market.seed, number, name, count=market.days, step=step, half_life=25)

        fame = uniform(market.seed, row.number, "fame")
        share = 25.0 * (row.coin.market_cap * row.size / 1.5e12) ** 0.7
        talk = path("talk", 0.1)
        return Scores(
            galaxy=np.clip(35 + 25 * fame + path("galaxy", 1.8), 1, 99).astype(np.int64),
            sentiment=np.clip(74 + 12 * fame + path("sentiment", 1.0), 5, 99).astype(np.int64),
            dominance=np.round(np.clip(share * np.exp(talk), 1e-4, 80.0), 4),
            alt_rank=np.clip(20 + 1500 * fame * np.exp(-talk), 1, 6000).astype(np.int64),
            interactions=(2e6 * share * np.exp(talk) + 10).astype(np.int64),
        )
