"""One coin at CoinGecko: `/coins/{id}`, its state at a past midnight, and where it lives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from datalake_sandbox import coingecko_errors as errors
from datalake_sandbox.coingecko_market_data import market_data
from datalake_sandbox.coingecko_markets import Markets, image
from datalake_sandbox.coingecko_series import first_index
from datalake_sandbox.market import Market, index_of
from datalake_sandbox.messages import Answer, json_answer
from datalake_sandbox.noise import uniform
from datalake_sandbox.numbers import iso
from datalake_sandbox.universe import Coin

PLATFORMS = {
    "ethereum": (1, "Ethereum", "ethereum"),
    "binance-smart-chain": (56, "BNB Smart Chain", "binancecoin"),
    "polygon-pos": (137, "Polygon POS", "polygon-ecosystem-token"),
    "arbitrum-one": (42161, "Arbitrum One", "ethereum"),
    "base": (8453, "Base", "ethereum"),
    "solana": (None, "Solana", "solana"),
    "tron": (None, "TRON", "tron"),
}
_HISTORY_READY = time(0, 35)
_CATEGORIES = {
    "wrapped": ["Wrapped-Tokens"],
    "bridged": ["Bridged-Tokens"],
    "staked": ["Liquid Staking Tokens", "Liquid Staking"],
    "usd": ["Stablecoins", "USD Stablecoin"],
    "fund": ["Real World Assets (RWA)", "Tokenized Treasury Bills (T-Bills)"],
    "fiat": ["Stablecoins"],
    "metal": ["Tokenized Gold", "Tokenized Commodities"],
}


def categories(coin: Coin) -> list[str]:
    """CoinGecko's display names of a coin's categories."""
    return _CATEGORIES.get(coin.kind, []) + _CATEGORIES.get(coin.type, ["Smart Contract Platform"])


def platforms(coin: Coin) -> dict[str, str]:
    """Contract addresses by platform; a chain's own coin has none."""
    if coin.kind == "native" and coin.type == "coin" and coin.market_cap > 1e9:
        return {"": ""}
    names = list(PLATFORMS)
    chosen = names[int(uniform(0, coin.id, "platform") * len(names))]
    digits = "".join(f"{int(uniform(0, coin.id, n) * 2**32):08x}" for n in range(5))
    return {chosen: f"0x{digits}"}


def detail(markets: Markets, market: Market, coin: Coin, query: Mapping[str, str]) -> Answer:
    """`/coins/{id}`; a coin that migrated away answers with empty maps."""
    row = markets.by_id.get(coin.id)
    home = platforms(coin)
    body: dict[str, Any] = {
        "id": coin.id,
        "symbol": coin.symbol,
        "name": coin.name,
        "web_slug": coin.id,
        "asset_platform_id": next(iter(home)) or None,
        "platforms": home,
        "detail_platforms": {
            name: {"decimal_place": 18 if name else None, "contract_address": address}
            for name, address in home.items()
        },
        "block_time_in_minutes": 10 if coin.id == "bitcoin" else 0,
        "hashing_algorithm": "SHA-256" if coin.id == "bitcoin" else None,
        "categories": categories(coin),
        "preview_listing": False,
        "public_notice": None,
        "additional_notices": [],
        "description": {"en": f"{coin.name} as simulated by the sandbox."},
        "links": _links(coin),
        "image": {size: image(coin, size) for size in ("thumb", "small", "large")},
        "has_supply_breakdown": False,
        "country_origin": "",
        "genesis_date": None,
        "sentiment_votes_up_percentage": 75.0,
        "sentiment_votes_down_percentage": 25.0,
        "watchlist_portfolio_users": 1000,
        "market_cap_rank": row.rank if row else None,
        "market_cap_rank_with_rehypothecated": row.rank_with_rehypothecated if row else None,
    }
    if body["asset_platform_id"]:
        body["contract_address"] = home[body["asset_platform_id"]]
    if _wanted(query, "localization"):
        body["localization"] = {"en": coin.name}
    if _wanted(query, "market_data"):
        body["market_data"] = market_data(markets, market, row)
    if _wanted(query, "community_data"):
        body["community_data"] = _community()
    if _wanted(query, "developer_data"):
        body["developer_data"] = _developer()
    body["status_updates"] = []
    body["last_updated"] = iso(market.clock) if row else None
    if _wanted(query, "tickers"):
        body["tickers"] = []
    return json_answer(body)


def _wanted(query: Mapping[str, str], part: str) -> bool:
    return query.get(part, "true").lower() != "false"


def _links(coin: Coin) -> dict[str, Any]:
    return {
        "homepage": [f"https://example.org/{coin.id}"],
        "whitepaper": "",
        "blockchain_site": [],
        "official_forum_url": [],
        "chat_url": [],
        "announcement_url": [],
        "snapshot_url": None,
        "twitter_screen_name": "",
        "facebook_username": "",
        "bitcointalk_thread_identifier": None,
        "telegram_channel_identifier": "",
        "subreddit_url": "",
        "repos_url": {"github": [], "bitbucket": []},
    }


def _community() -> dict[str, Any]:
    return {
        "facebook_likes": None,
        "reddit_average_posts_48h": 0.0,
        "reddit_average_comments_48h": 0.0,
        "reddit_subscribers": 0,
        "reddit_accounts_active_48h": 0,
        "telegram_channel_user_count": None,
    }


def _developer() -> dict[str, Any]:
    return {
        "forks": 0,
        "stars": 0,
        "subscribers": 0,
        "total_issues": 0,
        "closed_issues": 0,
        "pull_requests_merged": 0,
        "pull_request_contributors": 0,
        "code_additions_deletions_4_weeks": {"additions": 0, "deletions": 0},
        "commit_count_4_weeks": 0,
        "last_4_weeks_commit_activity_series": [0] * 28,
    }


def _day(text: str) -> datetime | None:
    for form in ("%d-%m-%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  # only the day is used
        except ValueError:
            continue
    return None


def history(market: Market, coin: Coin, query: Mapping[str, str], plan: str) -> Answer:
    """`/coins/{id}/history`: the state at 00:00 UTC of a day, known from 00:35 on."""
    when = _day(query.get("date", ""))
    if when is None:
        return errors.invalid("date") if "date" in query else errors.missing("date")
    index = index_of(when.date())
    newest = market.today if market.clock.time() >= _HISTORY_READY else market.today - 1
    if plan != "pro" and index < market.today - 365:
        return errors.beyond_history()
    body: dict[str, Any] = {
        "id": coin.id,
        "symbol": coin.symbol,
        "name": coin.name,
        "localization": {"en": coin.name},
        "image": {size: image(coin, size) for size in ("thumb", "small")},
    }
    if first_index(coin) <= index <= newest:
        values = market.daily(coin)
        body["market_data"] = {
            "current_price": {"usd": float(values.price[index])},
            "market_cap": {"usd": float(values.cap[index])},
            "total_volume": {"usd": float(values.volume[index])},
        }
    body["community_data"] = _community()
    body["developer_data"] = _developer()
    body["public_interest_stats"] = {"alexa_rank": None, "bing_matches": None}
    return json_answer(body)
