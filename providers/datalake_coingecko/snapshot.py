"""The open day of many coins at once, from the list by market cap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datalake import Client

from .universe import IDS_PER_CALL, Row, named, page


def market(coins: Sequence[str], client: Client) -> dict[str, list[Any]]:
    """Price, market cap and trailing volume as of each row's own time: some rows are hours old,
    and a coin that has not been priced today has none.

    Of many coins most are among the largest, for which a run has asked already; the others are
    asked for by name, those among them that stand for others too.
    """
    wanted = set(coins)
    largest = page(client, 1) if len(wanted) > IDS_PER_CALL else []
    found = {row.id: row for row in largest if row.id in wanted}
    others = [coin for coin in coins if coin not in found]
    found |= named(others, client, include_rehypothecated="true")
    return table([row for row in found.values() if row.last_updated])


def table(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Rows as columns; as in a chart, a market cap of zero says that the supply is not known, and
    a volume of zero is real."""
    return {
        "native_id": [row.id for row in rows],
        "time": [row.last_updated for row in rows],
        "price": [row.current_price or None for row in rows],
        "market_cap": [row.market_cap or None for row in rows],
        "volume": [row.total_volume for row in rows],
    }
