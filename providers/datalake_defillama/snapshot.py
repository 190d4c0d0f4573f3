"""The open day of many chains or protocols at once, from the lists by which they are found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from datalake import Client

from . import lists
from .families import is_single, locks, members_of, trades
from .lists import Market, Protocol

Columns = dict[str, list[Any]]


def chain_tvl(native_ids: Sequence[str], client: Client) -> Columns:
    """Of `/v2/chains`, which counts as the history does: what is locked now."""
    known = {f"chain:{row.name}": row.tvl for row in lists.chains(client)}
    return _table("tvl", {one: known.get(one) for one in native_ids}, client)


def protocol_tvl(native_ids: Sequence[str], client: Client) -> Columns:
    """Of `/protocols`, where families are no rows: their members are added up."""
    rows = lists.protocols(client)
    known = {f"protocol:{row.slug}": row.tvl for row in rows}

    def now(native_id: str) -> float | None:
        if is_single(native_id):
            return known.get(native_id)
        whole, members = members_of(native_id, client, rows, locks)
        return family_tvl(members) if whole else _sum(row.tvl for row in members)

    return _table("tvl", {one: now(one) for one in native_ids}, client)


def family_tvl(members: Sequence[Protocol]) -> float | None:
    """What DefiLlama's own sum of a family would be; None where it leaves out single tokens, whose
    value the list does not tell."""
    if any(row.tokens_left_out for row in members):
        return None
    return _sum(row.tvl for row in members if not row.left_out)


def dex_volume(native_ids: Sequence[str], client: Client) -> Columns:
    """Of `/overview/dexs`, of protocols alone: what it breaks down by chain is up to 11 % more than
    what it sums, and neither is what the chain's history says."""
    rows = lists.markets(client).protocols
    known = {f"protocol:{row.slug}": row.volume for row in rows}

    def now(native_id: str) -> float | None:
        if is_single(native_id):
            return known.get(native_id)
        return family_volume(members_of(native_id, client, rows, trades)[1])

    found = {one: now(one) for one in native_ids if not one.startswith("chain:")}
    return _table("volume", found, client)


def family_volume(members: Sequence[Market]) -> float | None:
    """The members' volumes added; None while one that traded within two weeks is silent, for a sum
    without it would look like a fall."""
    if any(row.volume is None and (row.week or row.week_before) for row in members):
        return None
    return _sum(row.volume for row in members)


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _table(column: str, values: Mapping[str, float | None], client: Client) -> Columns:
    """The lists have no time of their own: they are renewed hourly, and are of now."""
    now = [client.now] * len(values)
    return {"native_id": list(values), "time": now, column: list(values.values())}
