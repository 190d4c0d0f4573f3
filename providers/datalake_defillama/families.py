"""What counts of a family of protocols: the members that hold value, or trade, on their own.

DefiLlama's own sum of a family takes in every member. Where one of them does not count (real-world
assets in custody, a prediction market), the members that do are asked for and added up here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from datalake import Client, NotFound

from . import lists
from .lists import Market, Protocol

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

Row = TypeVar("Row", Protocol, Market)


class Part(NamedTuple):
    """A page to be asked for; `valued` says whether the list has a value for it at present."""

    slug: str
    valued: bool = True


def locks(row: Protocol) -> bool:
    """Whether what the protocol holds is locked in it."""
    return row.category not in NOT_LOCKED


def trades(row: Market) -> bool:
    """Whether the volume is that of a market of its own."""
    return row.category in MARKETS and not row.doublecounted


def kind(members: Sequence[Row], counts: Callable[[Row], bool]) -> str | None:
    """How a family is named: `parent` if all of it counts, `children` if some, None if nothing.

    The two are two series, so they have two names: when a member of another kind joins a family,
    the new name is a miss in the cache, and no series holds a piece of each.
    """
    own = [row for row in members if counts(row)]
    if not own:
        return None
    return "parent" if len(own) == len(members) else "children"


def slug_of(row: Protocol) -> str:
    """The family's name in paths. It follows the family's name, while the id does not:
    `parent#maker` is `sky` in paths."""
    return row.parent_slug or (row.parent or "").removeprefix("parent#")


def locked_parts(native_id: str, client: Client) -> list[Part]:
    """The pages of `/protocol` that make up the TVL of a protocol or a family."""
    rows = [] if is_single(native_id) else lists.protocols(client)
    return _parts(native_id, client, rows, locks, lambda row: bool(row.tvl))


def traded_parts(native_id: str, client: Client) -> list[Part]:
    """The pages of `/summary/dexs` that make up the volume of a protocol or a family."""
    rows = [] if is_single(native_id) else lists.markets(client).protocols
    return _parts(native_id, client, rows, trades, lambda row: bool(row.volume))


def is_single(native_id: str) -> bool:
    """Whether it is a protocol of its own, not a family."""
    return native_id.startswith("protocol:")


def _parts(
    native_id: str,
    client: Client,
    rows: Sequence[Row],
    counts: Callable[[Row], bool],
    valued: Callable[[Row], bool],
) -> list[Part]:
    slug = native_id.partition(":")[2]
    if is_single(native_id):
        return [Part(slug)]
    whole, members = members_of(native_id, client, rows, counts)
    if not members:
        raise NotFound(f"DefiLlama lists no member of {native_id} that counts for this dataset")
    if whole:
        return [Part(slug)]
    # by name, since the lists are in order of size: the sum of floats depends on their order
    return sorted(Part(row.slug, valued(row)) for row in members)


def members_of(
    native_id: str, client: Client, rows: Sequence[Row], counts: Callable[[Row], bool]
) -> tuple[bool, list[Row]]:
    """The members of a family that count, and whether DefiLlama's own sum of it is meant.

    A `parent:` is looked at again here: it may come from the mapping, which cannot know who
    joins the family later.
    """
    ids = _ids(native_id.partition(":")[2], client)
    members = [row for row in rows if row.parent in ids]
    whole = kind(members, counts) == "parent" and native_id.startswith("parent:")
    return whole, [row for row in members if counts(row)]


def _ids(slug: str, client: Client) -> set[str]:
    """The ids of the family of that name; the list of DEXs tells the id alone."""
    rows = lists.protocols(client)
    named = {row.parent for row in rows if row.parent and slug_of(row) == slug}
    return named or {f"parent#{slug}"}
