"""Simulated DEX volume, of protocols and of chains, per day. USD, whole numbers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from datalake_sandbox.market import Market, index_of
from datalake_sandbox.noise import Series, uniform, wander
from datalake_sandbox.settling import DEX_SETTLED, EARLY_VOLUME, early
from datalake_sandbox.universe import Chain, Protocol

Index = NDArray[np.int64]
_FIRST_CHAIN_DAY = 1_400
_WEEK = np.array([1.0, 1.05, 1.1, 1.08, 1.02, 0.85, 0.8])


_SPANS = {
    "total7d": (7, 0),
    "total14dto7d": (14, 7),
    "total30d": (30, 0),
    "total60dto30d": (60, 30),
    "total1y": (365, 0),
}
_CHANGES = {
    "change_1d": ("total24h", "total48hto24h"),
    "change_7d": ("total24h", "total7DaysAgo"),
    "change_1m": ("total24h", "total30DaysAgo"),
    "change_7dover7d": ("total7d", "total14dto7d"),
    "change_30dover30d": ("total30d", "total60dto30d"),
}


@frozen
class Volumes:
    """Day indexes and volumes; the last day is today and not over, the one before may not have
    settled."""

    index: Index
    values: Series


class Dex:
    """Who trades how much."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._path = lru_cache(maxsize=64)(self._drawn)

    def chains(self) -> list[Chain]:
        """The chains with DEX volume at the clock, busiest first."""
        market = self._market
        rows = [c for c in market.universe.chains.values() if (c.dex_volume or 0) > 0]
        rows = [chain for chain in rows if index_of(chain.start) + 30 < market.today]
        return sorted(rows, key=lambda chain: -(chain.dex_volume or 0))

    def protocols(self) -> list[Protocol]:
        """The protocols with an adapter, also those whose adapter did not run."""
        rows = [row for row in self._market.universe.protocols.values() if row.module]
        return [row for row in rows if index_of(row.start) + 30 < self._market.today]

    def of_chain(self, chain: Chain) -> Volumes:
        """A chain's volumes."""
        first = max(index_of(chain.start) + 30, _FIRST_CHAIN_DAY)
        return self._until_now(f"chain {chain.name}", chain.dex_volume or 0.0, first)

    def of_protocol(self, row: Protocol) -> Volumes:
        """A protocol's volumes; one whose adapter no longer runs ends a year before the clock."""
        if row.dex_volume is None:
            first, stop = index_of(row.start), self._market.today - 365
            values = self._path(f"protocol {row.id}", 50_000.0)
            index = np.arange(first, max(first, stop))
            return Volumes(index, values[index])
        return self._until_now(f"protocol {row.id}", row.dex_volume, index_of(row.start))

    def total(self) -> Volumes:
        """All chains together."""
        whole = np.zeros(self._market.today + 1)
        for chain in self.chains():
            volumes = self.of_chain(chain)
            whole[volumes.index] += volumes.values
        index = np.arange(int(np.argmax(whole > 0)), self._market.today + 1)
        return Volumes(index, whole[index])

    def _until_now(self, name: str, anchor: float, first: int) -> Volumes:
        """Whole days, the last of them provisional for some hours, and today as far as it goes:
        some take yesterday's value until they run."""
        market = self._market
        index = np.arange(first, market.today + 1)
        values = self._path(name, anchor)[index].copy()
        if early(market, DEX_SETTLED):
            values[-2:-1] = np.round(values[-2:-1] * EARLY_VOLUME)
        if len(values) > 1 and uniform(market.seed, name, "late") < 0.3:
            values[-1] = values[-2]
        else:
            values[-1] = np.round(values[-1] * (market.now - market.today))
        return Volumes(index, values)

    def _drawn(self, name: str, anchor: float) -> Series:
        market = self._market
        trade = wander(market.seed, name, "dex", count=market.days, step=0.09, half_life=25)
        days = np.arange(market.days)
        years = np.clip((market.anchor - days) / 365.25, 0.0, None)
        level = trade - trade[market.anchor] + 0.5 * market.mood - 0.2 * years
        return np.asarray(np.round(anchor * np.exp(level) * _WEEK[days % 7]))


def totals(volumes: Volumes, part_of_day: float) -> dict[str, Any]:
    """The sums and changes that DefiLlama shows; they do not count today, which is not over."""
    done = volumes.values[:-1]
    if len(done) < 2:
        return {"total24h": None, "total48hto24h": None, "totalAllTime": int(done.sum())}
    day = round(float(done[-1] * (1 - part_of_day) + volumes.values[-1]) * 1.01)
    fields: dict[str, Any] = {"total24h": day, "total48hto24h": int(done[-2])}
    for name, (start, stop) in _SPANS.items():
        if len(done) >= start:
            fields[name] = int(done[len(done) - start : len(done) - stop].sum())
    for name, ago in {"total7DaysAgo": 8, "total30DaysAgo": 31}.items():
        if len(done) >= ago:
            fields[name] = int(done[-ago])
    fields["totalAllTime"] = int(done.sum())
    for name, (now, before) in _CHANGES.items():
        if fields.get(before):
            fields[name] = round((fields[now] / fields[before] - 1) * 100, 2)
    return fields


def averages(fields: dict[str, Any]) -> dict[str, float]:
    """What a row says of its last year, beside the totals."""
    if "total1y" not in fields:
        return {}
    year = fields["total1y"]
    return {
        "annualized1y": year,
        "average1y": year / 365,
        "monthlyAverage1y": year / 365 * 30.44,
    }
