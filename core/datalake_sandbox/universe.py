"""The names of the simulated market: coins, chains and protocols, as data files describe them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Literal, TypeVar

import msgspec
from attrs import frozen

ANCHOR = date(2026, 4, 3)
"""The day whose midnight carries the recorded values that the simulation passes through."""

Kind = Literal["native", "wrapped", "bridged", "migrated", "staked"]
Type = Literal["coin", "usd", "fund", "fiat", "metal"]


class Coin(msgspec.Struct, frozen=True, kw_only=True):
    """One CoinGecko id: anchor price, cap and daily volume in USD, first market day.

    A variant names its `base` and the `ratio` of its price to the base's. `lunarcrush` is the
    numeric id there, if LunarCrush follows the coin at all.
    """

    id: str
    symbol: str
    name: str
    kind: Kind
    type: Type
    price: float
    market_cap: float
    volume: float
    start: date
    max_supply: float | None = None
    base: str | None = None
    ratio: float = 1.0
    lunarcrush: int | None = None

    @property
    def rehypothecated(self) -> bool:
        """Whether `/coins/markets` leaves it out unless it is asked for."""
        return self.kind in ("wrapped", "bridged", "staked")


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """One row of DefiLlama's chains: anchor TVL in USD, first day, how many leading zero days."""

    name: str
    gecko_id: str | None
    symbol: str | None
    cmc: str | None
    chain_id: int | str | None
    tvl: float
    start: date
    zeros: int
    key: str
    old_name: str | None = None
    gas: str | None = None
    dex_volume: float | None = None

    @property
    def protocol_name(self) -> str:
        """The name that protocol answers still use for this chain."""
        return self.old_name or self.name


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """One DefiLlama protocol: anchor TVL and DEX volume in USD, chains by their new names.

    `borrowed` and `staking` are shares of the TVL that stand beside it, never inside it.
    A DEX volume of None in a row that has a `module` means that its adapter did not run.
    """

    id: str
    name: str
    slug: str
    category: str
    chains: tuple[str, ...]
    tvl: float
    start: date
    symbol: str
    gecko_id: str | None = None
    parent: str | None = None
    dex_volume: float | None = None
    module: str | None = None
    doublecounted: bool = False
    borrowed: float = 0.0
    staking: float = 0.0
    invented: bool = False


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """A DefiLlama parent protocol, which is no row of `/protocols` itself."""

    id: str
    name: str
    slug: str
    symbol: str
    gecko_id: str | None


@frozen
class Universe:
    """Everything that has a name in the sandbox; mappings keep the order of the files."""

    coins: Mapping[str, Coin]
    chains: Mapping[str, Chain]
    protocols: Mapping[str, Protocol]
    parents: Mapping[str, Parent]


Row = TypeVar("Row", Coin, Chain, Protocol, Parent)


def _rows(file: str, kind: type[Row], field: str = "rows") -> list[Row]:
    text = (files(__package__) / "data" / file).read_bytes()
    return msgspec.convert(msgspec.json.decode(text)[field], list[kind])  # type: ignore[valid-type]  # a runtime type


@lru_cache(maxsize=1)
def load_universe() -> Universe:
    """Read the shipped data files (once per process; the value is immutable)."""
    return Universe(
        coins={coin.id: coin for coin in _rows("coins.json", Coin)},
        chains={chain.name: chain for chain in _rows("chains.json", Chain)},
        protocols={row.slug: row for row in _rows("protocols.json", Protocol)},
        parents={row.slug: row for row in _rows("protocols.json", Parent, "parents")},
    )
