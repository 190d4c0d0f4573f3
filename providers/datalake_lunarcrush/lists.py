"""LunarCrush's list: which coins it follows, and how they stand at present."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from datalake import Client

#: The list is renewed within the hour.
KEEP = timedelta(hours=1)


class Coin(msgspec.Struct):
    """A row of `/public/coins/list/v1`; it bears no CoinGecko id."""

    id: int
    symbol: str | None = None
    name: str | None = None
    market_cap: float | None = None
    price: float | None = None
    galaxy_score: float | None = None
    sentiment: float | None = None
    social_dominance: float | None = None
    alt_rank: float | None = None
    interactions: float | None = msgspec.field(name="interactions_24h", default=None)


class Config(msgspec.Struct):
    """What an answer says of itself: `generated` is when it was made, in seconds since 1970."""

    generated: int | None = None


class Coins(msgspec.Struct):
    """The body of the list."""

    data: list[Coin]
    config: Config = msgspec.field(default_factory=Config)


def coins(client: Client) -> Coins:
    """The thousand largest coins.

    Ranks differ from CoinGecko's, so the longest page is taken. `desc` is left out: any value of
    it reverses, even `false`; and a parameter that is not known is refused. (`/v2` is the same,
    renewed every few seconds, on the higher plans alone.)
    """
    query = {"sort": "market_cap_rank", "limit": 1000}
    return client.get("public/coins/list/v1", query, into=Coins, keep=KEEP)
