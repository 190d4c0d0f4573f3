"""DefiLlama's lists: which chains, protocols and markets there are at present."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from datalake import Client

#: DefiLlama renews its lists hourly at best.
KEEP = timedelta(hours=1)


class Chain(msgspec.Struct):
    """A row of `/v2/chains`. (`gasTokenGeckoId` is not read: it names the coin that pays the
    fees, and would give the TVL of Base to ether.)"""

    name: str
    gecko_id: str | None = None
    tvl: float | None = None


class Protocol(msgspec.Struct):
    """A row of `/protocols`; a member of a family names its parent. DefiLlama's own sum of the
    family may leave out a member (`left_out`), or some of its tokens (`tokens_left_out`)."""

    id: str
    slug: str
    gecko_id: str | None = None
    category: str | None = None
    tvl: float | None = None
    parent: str | None = msgspec.field(name="parentProtocol", default=None)
    parent_slug: str | None = msgspec.field(name="parentProtocolSlug", default=None)
    left_out: bool | None = msgspec.field(name="excludeTvlFromParent", default=None)
    tokens_left_out: Any = msgspec.field(name="tokensExcludedFromParent", default=None)


class Market(msgspec.Struct):
    """A protocol in `/overview/dexs`: what was traded on it in the last 24 hours, in the last 7
    days and in the 7 before them; null where its adapter has told nothing."""

    id: str = msgspec.field(name="defillamaId")
    slug: str
    category: str | None = None
    parent: str | None = msgspec.field(name="parentProtocol", default=None)
    doublecounted: bool | None = None
    volume: float | None = msgspec.field(name="total24h", default=None)
    week: float | None = msgspec.field(name="total7d", default=None)
    week_before: float | None = msgspec.field(name="total14dto7d", default=None)


class Markets(msgspec.Struct):
    """Who has a DEX volume, by `/overview/dexs`."""

    chains: set[str] = msgspec.field(name="allChains")
    protocols: list[Market]


def chains(client: Client) -> list[Chain]:
    """`/v2/chains`."""
    return client.get("v2/chains", into=list[Chain], keep=KEEP)


def protocols(client: Client) -> list[Protocol]:
    """`/protocols`; families are no rows of it."""
    return client.get("protocols", into=list[Protocol], keep=KEEP)


def markets(client: Client) -> Markets:
    """`/overview/dexs` without its charts."""
    query = {"excludeTotalDataChart": "true", "excludeTotalDataChartBreakdown": "true"}
    return client.get("overview/dexs", query, into=Markets, keep=KEEP)
