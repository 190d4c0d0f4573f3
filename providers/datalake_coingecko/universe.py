"""The coins by market cap, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count

import msgspec

from datalake import Asset, Client

#: The most rows that one call brings: the usual top 200 is one call, so that no coin can slip
#: from one page to the next between two calls.
PER_PAGE = 250

#: Ids per call when assets are asked for by name: keeps the URL below some 6,000 characters.
IDS_PER_CALL = 200

#: CoinGecko renews its list within a minute; one that is so old still says what is "now" for a
#: day's last row, and spares a run that asks for the largest coins twice a call.
KEEP = timedelta(minutes=5)


class Row(msgspec.Struct):
    """What is wanted of a row of `/coins/markets`. Nearly every field may be null (OpenAPI)."""

    id: str
    symbol: str | None = None
    name: str | None = None
    image: str | None = None
    current_price: float | None = None
    market_cap: float | None = None
    total_volume: float | None = None
    last_updated: datetime | None = None


def assets(ids: Sequence[str] | None, client: Client) -> Iterator[Asset]:
    """All coins in order of market cap, or just those of these ids.

    The order of the rows is the order of market cap; `market_cap_rank` is not asked: it is made
    on another schedule, has holes, and can be null (agreed with the order on 446 of 1137 days).
    Since 2026-02-04 the list leaves out wrapped, staked and bridged tokens, as the site does;
    `include_rehypothecated` would bring them back. The mapping names the variants instead.
    """
    return _top(client) if ids is None else _named(ids, client)


def _top(client: Client) -> Iterator[Asset]:
    seen: set[str] = set()
    for number in count(1):
        # Rows move between two calls, so a coin may come on both pages: once is enough.
        fresh = [row for row in page(client, number) if row.id not in seen]
        if not fresh:
            return
        yield from map(as_asset, fresh)
        seen.update(row.id for row in fresh)


def _named(ids: Sequence[str], client: Client) -> Iterator[Asset]:
    found = [as_asset(row) for row in named(ids, client).values()]
    # Each call is in order; over several calls the caps decide, those unknown last.
    yield from sorted(found, key=lambda asset: -(asset.market_cap or 0))


def named(ids: Sequence[str], client: Client, **more: str) -> dict[str, Row]:
    """The rows of these coins by id, as far as they are listed."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, Row] = {}
    for first in range(0, len(wanted), IDS_PER_CALL):
        some = wanted[first : first + IDS_PER_CALL]
        rows = page(client, 1, ids=",".join(some), **more)
        found.update((row.id, row) for row in rows if row.id in some)
    return found


def page(client: Client, number: int, **more: str) -> list[Row]:
    """One page of `/coins/markets`, largest market cap first; `more` are further query items."""
    query = {"vs_currency": "usd", "order": "market_cap_desc", "per_page": PER_PAGE, "page": number}
    # Unless asked, prices are rounded (1.0049 to 1.0), which no chart does.
    query |= {"precision": "full"}
    # The type is checked: a job that did not once saved the body of a 403 as the day's list.
    return client.get("coins/markets", {**query, **more}, into=list[Row], keep=KEEP)


def as_asset(row: Row) -> Asset:
    """What a row says of its coin."""
    return Asset(
        id=row.id,
        symbol=row.symbol,
        name=row.name,
        market_cap=row.market_cap or None,  # 0 stands for "unknown supply", never for worthless
        price=row.current_price or None,
        image=row.image,
    )
