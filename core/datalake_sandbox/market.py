"""The simulated market: every coin's price, volume and market cap at any moment.

Values at midnight are drawn once for all time from the seed, the id and the day, so an earlier
clock sees the same past. Between midnights a price follows a smooth bridge. All values are USD.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from functools import cached_property, lru_cache

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from datalake_sandbox.noise import Series, normals, normals_at, significant, uniform, wander
from datalake_sandbox.universe import ANCHOR, Coin, Universe

EPOCH = date(2013, 4, 28)
"""Index 0 of every daily array: the first day of the oldest coin."""

DAY_SECONDS = 86_400
_EPOCH_SECONDS = int(datetime(2013, 4, 28, tzinfo=timezone.utc).timestamp())
_LAST_CLOCK = datetime(2060, 1, 1, tzinfo=timezone.utc)
_YEARLY_GROWTH = {"bitcoin": 0.45, "ethereum": 0.45, "binancecoin": 0.5, "solana": 0.4}
_WAVES = 3


def index_of(day: date) -> int:
    """The array index of a day's midnight."""
    return (day - EPOCH).days


def midnight_ms(index: int) -> int:
    """The midnight of an array index, in milliseconds since 1970."""
    return (_EPOCH_SECONDS + index * DAY_SECONDS) * 1000


@frozen
class Daily:
    """Values at each midnight from `EPOCH` on, some days beyond the clock."""

    price: Series
    volume: Series
    supply: Series

    @property
    def cap(self) -> Series:
        return significant(self.price * self.supply)


@frozen
class State:
    """Values at chosen moments."""

    price: Series
    volume: Series
    cap: Series


class Market:
    """Prices of a universe for one seed, up to one clock."""

    def __init__(self, universe: Universe, seed: int, clock: datetime) -> None:
        if clock.tzinfo is None:
            raise ValueError(f"the sandbox's clock must be an aware UTC datetime, got {clock!r}")
        self.clock = clock.astimezone(timezone.utc)
        if not EPOCH + timedelta(days=1) < self.clock.date() < _LAST_CLOCK.date():
            raise ValueError(f"the sandbox's market runs from {EPOCH} to 2060, not at {clock}")
        self.universe = universe
        self.seed = seed
        self.today = index_of(self.clock.date())
        self.days = max(self.today, index_of(ANCHOR)) + 3
        self.anchor = index_of(ANCHOR)
        self.mood = self._relative("mood", step=0.022, half_life=500)
        self._daily = lru_cache(maxsize=48)(self._simulate)
        self._paths = lru_cache(maxsize=48)(self._path)

    @property
    def now(self) -> float:
        """The clock, in days since `EPOCH`."""
        return self.instant(self.clock)

    def instant(self, when: datetime) -> float:
        """A moment, in days since `EPOCH`."""
        return (when.timestamp() - _EPOCH_SECONDS) / DAY_SECONDS

    def daily(self, coin: Coin) -> Daily:
        """A coin's midnights, also those before it was listed."""
        return self._daily(coin.id)

    def at(self, coin: Coin, instants: Series) -> State:
        """A coin's values at moments given in days since `EPOCH`."""
        daily = self.daily(coin)
        moments = np.clip(instants, 0.0, self.days - 1.001)
        day = moments.astype(np.int64)
        part = moments - day
        level = np.log(daily.price[day]) * (1 - part) + np.log(daily.price[day + 1]) * part
        price = np.exp(level + self._bridge(coin, day, part))
        # exactly the midnight's value at a midnight, whatever the logarithm rounds to
        price = np.where(part == 0.0, daily.price[day], significant(price))
        return State(
            price=price,
            volume=significant(daily.volume[day] * (1 - part) + daily.volume[day + 1] * part),
            cap=significant(price * daily.supply[day]),
        )

    def _supply(self, coin: Coin) -> Series:
        """Coins in circulation at each midnight: a slow curve, so that caps keep their order."""
        if coin.kind == "migrated":
            return self._pool(coin) * self._left_behind(coin)
        mover = self._movers.get(coin.id)
        if mover is not None:
            return self._pool(mover) * (1.0 - self._left_behind(mover)) * mover.ratio
        yearly = 0.3 if coin.type in ("usd", "fund", "fiat", "metal") else 0.02
        return np.asarray(coin.market_cap / coin.price * np.exp(-yearly * self._years_before))

    def _simulate(self, coin_id: str) -> Daily:
        coin = self.universe.coins[coin_id]
        price = self._paths(coin_id)
        trade = wander(self.seed, coin.id, "volume", count=self.days, step=0.07, half_life=25)
        volume = coin.volume * np.exp(trade + 0.5 * self.mood - 0.1 * self._years_before)
        return Daily(price=price, volume=significant(volume), supply=self._supply(coin))

    def _path(self, coin_id: str) -> Series:
        coin = self.universe.coins[coin_id]
        if coin.base is not None:
            noise = np.clip(normals(self.seed, coin.id, "basis", count=self.days), -2.5, 2.5)
            return significant(self._paths(coin.base) * self._ratio(coin) * np.exp(0.001 * noise))
        return significant(coin.price * np.exp(self._log_path(coin)))

    def _log_path(self, coin: Coin) -> Series:
        years = self._years_before
        if coin.type == "usd":
            return wander(self.seed, coin.id, count=self.days, step=0.0002, half_life=25)
        if coin.type == "fund":
            return np.asarray(-0.045 * years)
        if coin.type in ("fiat", "metal"):
            yearly, step = (0.15, 0.007) if coin.type == "metal" else (0.0, 0.003)
            name = "metal" if coin.type == "metal" else coin.id
            return np.asarray(self._relative(name, step=step, half_life=300) - yearly * years)
        growth = _YEARLY_GROWTH.get(coin.id, 0.4 * uniform(self.seed, coin.id, "growth") - 0.1)
        own = 0.012 if coin.market_cap > 1e9 else 0.005 if coin.market_cap > 3e8 else 0.003
        return self.mood + self._relative(coin.id, step=own, half_life=400) - growth * years

    def _ratio(self, coin: Coin) -> Series:
        """Price of a variant in its base: constant, or growing from 1 with staking rewards."""
        if coin.kind != "staked" or coin.ratio <= 1.0:
            return np.full(self.days, coin.ratio)
        start = min(index_of(coin.start), self.anchor - 30)
        grown = (np.arange(self.days) - start) / (self.anchor - start)
        return np.asarray(1.0 + (coin.ratio - 1.0) * np.clip(grown, 0.0, None))

    def _pool(self, mover: Coin) -> Series:
        """Supply of a migrating coin and its successor together, counted in the old coin."""
        base = self.universe.coins[mover.base or ""]
        whole = (base.market_cap + mover.market_cap) / (base.price * mover.ratio)
        return np.asarray(whole * np.exp(-0.01 * self._years_before))

    def _left_behind(self, mover: Coin) -> Series:
        """The part of the pool that has not migrated yet."""
        base = self.universe.coins[mover.base or ""]
        rest = mover.market_cap / (base.market_cap + mover.market_cap)
        middle = index_of(base.start) + 0.4 * (self.anchor - index_of(base.start))
        moved = 1.0 / (1.0 + np.exp(-(np.arange(self.days) - middle) / 40.0))
        return np.asarray(1.0 - (1.0 - rest) * moved)

    def _bridge(self, coin: Coin, day: NDArray[np.int64], part: Series) -> Series:
        """What a price does within a day, beside moving from one midnight to the next."""
        root = coin.base or coin.id
        size = 0.006 if coin.type == "coin" else 0.0002
        path = np.zeros(len(part))
        for wave in range(1, _WAVES + 1):
            draws = normals_at(self.seed, root, "wave", wave, positions=day)
            path += size / wave * draws * np.sin(np.pi * wave * part)
        return path

    def _relative(self, name: str, *, step: float, half_life: float) -> Series:
        path = wander(self.seed, name, count=self.days, step=step, half_life=half_life)
        return np.asarray(path - path[self.anchor])

    @cached_property
    def _movers(self) -> dict[str, Coin]:
        """The coin that migrates into a base, by the base's id."""
        coins = self.universe.coins.values()
        return {coin.base: coin for coin in coins if coin.base and coin.kind == "migrated"}

    @cached_property
    def _years_before(self) -> Series:
        """Years from a midnight to the anchor; 0 after it, where trends end."""
        return np.clip((self.anchor - np.arange(self.days)) / 365.25, 0.0, None)
