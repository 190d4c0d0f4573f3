"""From an asset to DefiLlama's own name: `chain:BSC`, `parent:aave` or `protocol:lido`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec

from datalake import Asset, Client

from .parents import PARENTS

#: DefiLlama renews its lists hourly at best.
KEEP = timedelta(hours=1)

#: Categories whose "locked value" is not value locked in a protocol of that token.
NOT_LOCKED = frozenset(
    {
        "CEX",  # customers' deposits: OKX would give OKB 32 bn dollars
        "CeDeFi",  # deposits with a custodian
        "Chain",  # a chain's own bridge contracts; the chain has its own dataset
        "Bridge",  # coins locked here to be minted, and counted, elsewhere
        "Canonical Bridge",  # the same
        "RWA",  # things in custody; what is locked is the token's own backing
        "Treasury",  # the project's own funds
        "Treasury Manager",  # other projects' own funds
        "Foundation",  # the organisation behind a chain (Ethereum Foundation for `ethereum`)
        "Services",  # companies and organisations
        "Infrastructure",  # DefiLlama itself leaves it out of every total
    }
)

#: `/overview/dexs` also lists card issuers, prediction markets and front ends that pass on the
#: trades of others. These categories trade on a market of their own. ("Dexes" until 2024.)
MARKETS = frozenset({"Dexs", "Dexes", "Derivatives", "Launchpad", "Yield"})


class Chain(msgspec.Struct):
    """A row of `/v2/chains`. (`gasTokenGeckoId` is not read: it names the coin that pays the
    fees, and would give the TVL of Base to ether.)"""

    name: str
    gecko_id: str | None = None
    tvl: float | None = None


class Protocol(msgspec.Struct):
    """A row of `/protocols`; a member of a family names its parent."""

    id: str
    slug: str
    gecko_id: str | None = None
    category: str | None = None
    tvl: float | None = None
    parent: str | None = msgspec.field(name="parentProtocol", default=None)
    parent_slug: str | None = msgspec.field(name="parentProtocolSlug", default=None)


class Market(msgspec.Struct):
    """A protocol in `/overview/dexs`."""

    id: str = msgspec.field(name="defillamaId")
    slug: str
    category: str | None = None
    parent: str | None = msgspec.field(name="parentProtocol", default=None)
    doublecounted: bool | None = None


class Markets(msgspec.Struct):
    """Who has a DEX volume, by `/overview/dexs`."""

    chains: set[str] = msgspec.field(name="allChains")
    protocols: list[Market]


class Found(NamedTuple):
    """A parent or a protocol; `id` is DefiLlama's number, `slug` its name in paths."""

    kind: str
    id: str
    slug: str

    @property
    def native_id(self) -> str:
        return f"{self.kind}:{self.slug}"


def chain_tvl(asset: Asset, client: Client) -> str | None:
    """The chain whose coin the asset is."""
    return largest_chain(asset.id, client.get("v2/chains", into=list[Chain], keep=KEEP))


def protocol_tvl(asset: Asset, client: Client) -> str | None:
    """The protocol, or the family of protocols, whose token the asset is."""
    found = find(asset.id, client.get("protocols", into=list[Protocol], keep=KEEP))
    return found.native_id if found else None


def dex_volume(asset: Asset, client: Client) -> str | None:
    """The chain whose coin the asset is; else its protocol; and only if DEX volume is listed.

    A coin that is both (Hyperliquid, Injective) has the volume of the whole chain.
    """
    query = {"excludeTotalDataChart": "true", "excludeTotalDataChartBreakdown": "true"}
    markets = client.get("overview/dexs", query, into=Markets, keep=KEEP)
    chains = client.get("v2/chains", into=list[Chain], keep=KEEP)
    chain = largest_chain(asset.id, (row for row in chains if row.name in markets.chains))
    if chain:
        return chain
    found = find(asset.id, client.get("protocols", into=list[Protocol], keep=KEEP))
    return listed(found, markets) if found else None


def largest_chain(asset_id: str, chains: Iterable[Chain]) -> str | None:
    """Several rows may have one `gecko_id` (BSC and a dead `Binance`, OP Mainnet and a dead
    `Optimism`, in every recording of 2026): the one with the most TVL is meant."""
    rows = [row for row in chains if row.gecko_id == asset_id]
    return f"chain:{max(rows, key=lambda row: row.tvl or 0).name}" if rows else None


def find(asset_id: str, protocols: Sequence[Protocol]) -> Found | None:
    """The family that is known to bear this token, else the protocol that says so."""
    known = PARENTS.get(asset_id)
    members = [row for row in protocols if known and row.parent == f"parent#{known}"]
    for member in members:
        if member.category not in NOT_LOCKED:
            return _family(member)
    rows = [row for row in protocols if row.gecko_id == asset_id]
    carriers = [row for row in rows if row.category not in NOT_LOCKED]
    if not carriers:
        return None
    carrier = max(carriers, key=lambda row: row.tvl or 0)
    if _stands_for_family(carrier):
        return _family(carrier)
    return Found("protocol", carrier.id, carrier.slug)


def listed(found: Found, markets: Markets) -> str | None:
    """What was found, if it has a DEX volume of its own; the rows there bear no `gecko_id`."""
    own = [row for row in markets.protocols if row.category in MARKETS and not row.doublecounted]
    if found.kind == "parent":
        return found.native_id if any(row.parent == found.id for row in own) else None
    return next((f"protocol:{row.slug}" for row in own if row.id == found.id), None)


def _family(member: Protocol) -> Found:
    return Found("parent", member.parent or "", _parent_slug(member))


def _parent_slug(member: Protocol) -> str:
    # The slug follows the family's name, the id does not: `parent#maker` is `sky` in paths.
    return member.parent_slug or (member.parent or "").removeprefix("parent#")


def _stands_for_family(carrier: Protocol) -> bool:
    """Whether a member carries the token of its family: until 2025 Aave's was on Aave V2 alone,
    a fiftieth of the whole. A member named like the asset (Sperax USD) carries its own."""
    slug = _parent_slug(carrier)
    if not slug or not carrier.slug.startswith(slug):
        return False
    return carrier.gecko_id == slug or carrier.gecko_id != carrier.slug
