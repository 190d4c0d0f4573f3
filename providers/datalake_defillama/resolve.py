"""From an asset to DefiLlama's own name: `chain:BSC`, `parent:aave` or `protocol:lido`.

`parent:` is a family as DefiLlama sums it, `children:` one of which only a part counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from datalake import Asset, Client

from . import lists
from .families import kind, locks, slug_of, trades
from .lists import Chain, Markets, Protocol
from .parents import PARENTS


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
    return largest_chain(asset.id, lists.chains(client))


def protocol_tvl(asset: Asset, client: Client) -> str | None:
    """The protocol, or the family of protocols, whose token the asset is."""
    rows = lists.protocols(client)
    found = find(asset.id, rows)
    return located(found, rows) if found else None


def dex_volume(asset: Asset, client: Client) -> str | None:
    """The chain whose coin the asset is; else its protocol; and only if DEX volume is listed.

    A coin that is both (Hyperliquid, Injective) has the volume of the whole chain.
    """
    markets = lists.markets(client)
    rows = (row for row in lists.chains(client) if row.name in markets.chains)
    chain = largest_chain(asset.id, rows)
    if chain:
        return chain
    found = find(asset.id, lists.protocols(client))
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
    for member in filter(locks, members):
        return _family(member)
    rows = [row for row in protocols if row.gecko_id == asset_id]
    carriers = [row for row in rows if locks(row)]
    if not carriers:
        return None
    carrier = max(carriers, key=lambda row: row.tvl or 0)
    if _stands_for_family(carrier):
        return _family(carrier)
    return Found("protocol", carrier.id, carrier.slug)


def located(found: Found, protocols: Sequence[Protocol]) -> str | None:
    """What was found, under the name that says how much of a family holds value."""
    if found.kind == "protocol":
        return found.native_id
    return _named(found, kind([row for row in protocols if row.parent == found.id], locks))


def listed(found: Found, markets: Markets) -> str | None:
    """What was found, if it has a DEX volume of its own; the rows there bear no `gecko_id`."""
    if found.kind == "parent":
        return _named(found, kind([r for r in markets.protocols if r.parent == found.id], trades))
    own = (row for row in markets.protocols if row.id == found.id and trades(row))
    return next((f"protocol:{row.slug}" for row in own), None)


def _named(family: Found, how: str | None) -> str | None:
    return family._replace(kind=how).native_id if how else None


def _family(member: Protocol) -> Found:
    return Found("parent", member.parent or "", slug_of(member))


def _stands_for_family(carrier: Protocol) -> bool:
    """Whether a member carries the token of its family: until 2025 Aave's was on Aave V2 alone,
    a fiftieth of the whole. A member named like the asset (Sperax USD) carries its own."""
    slug = slug_of(carrier)
    if not slug or not carrier.slug.startswith(slug):
        return False
    return carrier.gecko_id == slug or carrier.gecko_id != carrier.slug
