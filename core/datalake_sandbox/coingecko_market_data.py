"""The part `market_data` of `/coins/{id}`: everything by currency, of which the sandbox has USD."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from datalake_sandbox.coingecko_markets import Markets, Ticker, percent
from datalake_sandbox.market import EPOCH, Market
from datalake_sandbox.numbers import iso, price_number, whole

_DAYS = {"24h": 1, "7d": 7, "14d": 14, "30d": 30, "60d": 60, "200d": 200, "1y": 365}


def market_data(markets: Markets, market: Market, row: Ticker | None) -> dict[str, Any]:
    """What a coin is worth; empty maps for one that migrated away."""
    if row is None:
        return {"current_price": {}, "market_cap": {}, "total_volume": {}, "last_updated": None}
    return {
        "current_price": {"usd": price_number(row.price)},
        "total_value_locked": None,
        "mcap_to_tvl_ratio": None,
        "fdv_to_tvl_ratio": None,
        "roi": None,
        **_extreme("ath", row.ath, row.price),
        **_extreme("atl", row.atl, row.price),
        "market_cap": {"usd": whole(row.cap)},
        "market_cap_rank": row.rank,
        "market_cap_rank_with_rehypothecated": row.rank_with_rehypothecated,
        "fully_diluted_valuation": {"usd": whole(row.cap * 1.02)},
        "market_cap_fdv_ratio": 0.98,
        "total_volume": {"usd": whole(row.volume)},
        "high_24h": {"usd": price_number(row.high)},
        "low_24h": {"usd": price_number(row.low)},
        **_changes(markets, row),
        "total_supply": row.supply * 1.01,
        "max_supply": row.coin.max_supply,
        "max_supply_infinite": row.coin.max_supply is None,
        "circulating_supply": row.supply,
        "last_updated": iso(market.clock),
    }


def _changes(markets: Markets, row: Ticker) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "price_change_24h": row.price - row.day_ago,
        "market_cap_change_24h": row.cap - row.cap_day_ago,
        "market_cap_change_percentage_24h": percent(row.cap, row.cap_day_ago),
        "price_change_24h_in_currency": {"usd": row.price - row.day_ago},
        "market_cap_change_24h_in_currency": {"usd": row.cap - row.cap_day_ago},
        "market_cap_change_percentage_24h_in_currency": {"usd": percent(row.cap, row.cap_day_ago)},
        "price_change_percentage_1h_in_currency": {"usd": markets.change(row, 1 / 24) or 0.0},
    }
    for name, days in _DAYS.items():
        change = markets.change(row, days)
        fields[f"price_change_percentage_{name}"] = round(change or 0.0, 5)
        known = {} if change is None else {"usd": change}
        fields[f"price_change_percentage_{name}_in_currency"] = known
    return fields


def _extreme(name: str, extreme: tuple[float, int], price: float) -> dict[str, Any]:
    value, index = extreme
    day = EPOCH + timedelta(days=index)
    return {
        name: {"usd": price_number(value)},
        f"{name}_change_percentage": {"usd": percent(price, value)},
        f"{name}_date": {"usd": f"{day.isoformat()}T00:00:00.000Z"},
    }
