"""Every coin that CoinGecko lists, with its contracts and what kind of token it is filed under."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from datalake import Asset, CatalogueEntry, Client

from .universe import PER_PAGE, Row, as_asset, page

#: Category (the slug that the query wants, not the name that is shown) -> what it says of a coin.
#: They hold strays: a governance token of a staking protocol may be among the staked ones.
CATEGORIES = {
    "wrapped-tokens": "wrapped",
    "bridged-tokens": "bridged",
    "liquid-staking-tokens": "staked",
}

#: Pages of the list by market cap: deep enough for the coins that a mapping is about.
PAGES = 2


class Coin(msgspec.Struct):
    """A row of `/coins/list?include_platform=true`."""

    id: str
    symbol: str | None = None
    name: str | None = None
    platforms: dict[str, str | None] = {}


def catalogue(client: Client) -> Iterator[CatalogueEntry]:
    """All active coins; price, market cap and volume of the largest and of those in a category.

    Some ten calls, whatever is asked of it: the list, the largest with and without the tokens
    that stand for others, and each category.
    """
    coins = client.get("coins/list", {"include_platform": "true"}, into=list[Coin])
    usual = _largest(client)
    everything = _largest(client, include_rehypothecated="true")
    groups: dict[str, set[str]] = {}
    rows = {**everything, **usual}
    for category, group in CATEGORIES.items():
        for member in page(client, 1, category=category):
            rows[member.id] = member
            groups.setdefault(member.id, set()).add(group)
    secondary = _left_out(usual.values(), everything.values())
    for coin in coins:
        row = rows.get(coin.id)
        yield CatalogueEntry(
            asset=as_asset(row) if row else Asset(coin.id, coin.symbol, coin.name),
            volume=row.total_volume if row else None,
            platforms={chain: where for chain, where in coin.platforms.items() if chain and where},
            groups=frozenset(groups.get(coin.id, ())),
            secondary=coin.id in secondary,
        )


def _largest(client: Client, **more: str) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for number in range(1, PAGES + 1):
        found = page(client, number, **more)
        rows.update((row.id, row) for row in found)
        if len(found) < PER_PAGE:
            break
    return rows


def _left_out(usual: Iterable[Row], everything: Iterable[Row]) -> set[str]:
    """The coins that only the longer list has. It ends at a higher market cap than the other, so
    whatever it has and the other lacks was left out there."""
    listed = {row.id for row in usual}
    return {row.id for row in everything if row.id not in listed}
