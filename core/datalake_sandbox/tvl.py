"""Simulated total value locked, of chains and of protocols, at each midnight and now. USD."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from datalake_sandbox.market import Market, index_of
from datalake_sandbox.noise import Series, significant, uniform, wander
from datalake_sandbox.quirks import TVL_GAPS
from datalake_sandbox.settling import EARLY_TVL, TVL_SETTLED, early
from datalake_sandbox.universe import Chain, Protocol

Index = NDArray[np.int64]


class Tvl:
    """What is locked where. A protocol's TVL is split over its chains by fixed weights."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._path = lru_cache(maxsize=64)(self._drawn)

    def chains(self) -> list[Chain]:
        """The chains that exist at the clock, in the order of DefiLlama's list."""
        rows = self._market.universe.chains.values()
        return [chain for chain in rows if index_of(chain.start) < self._market.today]

    def protocols(self) -> list[Protocol]:
        """The protocols that exist at the clock."""
        rows = self._market.universe.protocols.values()
        return [row for row in rows if index_of(row.start) < self._market.today]

    def chain_days(self, chain: Chain) -> tuple[Index, Series]:
        """A chain's midnights and TVL: zeros first, gaps, and a provisional value for today."""
        index, values = self._days(f"chain {chain.name}", chain.tvl, index_of(chain.start))
        values[: chain.zeros] = 0.0
        values[-1] *= 1.0 + 0.004 * (uniform(self._market.seed, chain.name, "early") - 0.5)
        for day, count in TVL_GAPS.get(chain.name, ()):
            keep = (index < index_of(day)) | (index >= index_of(day) + count)
            index, values = index[keep], values[keep]
        return index, values

    def chain_now(self, chain: Chain) -> float:
        """A chain's TVL at the clock."""
        return self._now(self._path(f"chain {chain.name}", chain.tvl))

    def protocol_days(self, row: Protocol) -> tuple[Index, Series]:
        """A protocol's midnights up to today's, and its whole TVL."""
        return self._days(f"protocol {row.id}", row.tvl, index_of(row.start))

    def protocol_now(self, row: Protocol) -> float:
        """A protocol's whole TVL at the clock."""
        return self._now(self._path(f"protocol {row.id}", row.tvl))

    def weights(self, row: Protocol) -> dict[str, float]:
        """The part of a protocol's TVL on each of its chains."""
        raw = {name: 0.05 + uniform(0, row.id, name) / n for n, name in enumerate(row.chains, 1)}
        whole = sum(raw.values())
        return {name: part / whole for name, part in raw.items()}

    def _days(self, name: str, anchor: float, first: int) -> tuple[Index, Series]:
        """The midnights up to today's; yesterday's value is provisional for some hours."""
        index = np.arange(first, self._market.today + 1)
        values = self._path(name, anchor)[index].copy()
        if early(self._market, TVL_SETTLED):
            values[-2:-1] *= EARLY_TVL
        return index, values

    def _now(self, path: Series) -> float:
        day = self._market.today
        part = self._market.now - day
        return float(significant(path[day : day + 1] * (1 - part) + path[day + 1] * part)[0])

    def _drawn(self, name: str, anchor: float) -> Series:
        market = self._market
        own = wander(market.seed, name, count=market.days, step=0.01, half_life=150)
        years = np.clip((market.anchor - np.arange(market.days)) / 365.25, 0.0, None)
        growth = 0.1 + 0.4 * uniform(market.seed, name, "growth")
        level = 0.8 * market.mood + own - own[market.anchor] - growth * years
        return significant(anchor * np.exp(level))
