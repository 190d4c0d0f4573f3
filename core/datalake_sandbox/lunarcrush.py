"""The LunarCrush API v4 over the simulated market: paths to answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from datalake_sandbox import lunarcrush_errors as errors
from datalake_sandbox.lunarcrush_series import time_series
from datalake_sandbox.market import Market
from datalake_sandbox.messages import Access, Answer, Request, json_answer, routes
from datalake_sandbox.quirks import WITHOUT_COINGECKO_LINK
from datalake_sandbox.social import Followed, Social

PREFIX = "/api4/public"
LIST_PARAMETERS = ("sort", "filter", "limit", "desc", "page")
MAX_LIMIT = 1000
_WHOLE_CAP = 2.6e12
Page = Callable[[Followed, str, Mapping[str, str]], Answer]


class LunarCrush:
    """Answers requests that were admitted."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._social = Social(market)
        self._now = int(market.clock.timestamp())
        self._routes = routes(
            {
                "/coins/list/v1": self._list,
                "/coins/list/v2": self._list,
                "/coins/{}/v1": self._page(self._coin),
                "/coins/{}/meta/v1": self._page(self._meta),
                "/coins/{}/time-series/v2": self._page(self._series),
                "/system/changes": self._changes,
            }
        )

    def answer(self, request: Request, access: Access) -> Answer:
        """The answer to one request."""
        if not access.path.startswith("/api4/"):
            return errors.old_endpoint()
        found = self._routes.find(access.path.removeprefix(PREFIX))
        if found is None or not access.path.startswith(PREFIX + "/"):
            return errors.unknown_endpoint()
        handler, arguments = found
        return handler(*arguments, request.query)

    def _page(self, page: Page) -> Callable[..., Answer]:
        def handler(name: str, query: Mapping[str, str]) -> Answer:
            row = self._social.find(name)
            return errors.unknown_coin() if row is None else page(row, name, query)

        return handler

    def _series(self, row: Followed, name: str, query: Mapping[str, str]) -> Answer:
        return time_series(self._social, self._market, row, name, query)

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        """Every coin as `coins/list` shows it, by market cap."""
        rows = [self._entry(row) for row in self._social.followed]
        rows.sort(key=lambda row: -row["market_cap"])
        for place, row in enumerate(rows, start=1):
            row["market_cap_rank"] = place
        return rows

    @cached_property
    def _by_number(self) -> dict[int, dict[str, Any]]:
        return {row["id"]: row for row in self._rows}

    @cached_property
    def _bitcoin(self) -> float:
        bitcoin = self._market.universe.coins["bitcoin"]
        return float(self._market.at(bitcoin, np.array([self._market.now])).price[0])

    def _entry(self, row: Followed) -> dict[str, Any]:
        market, coin = self._market, row.coin
        ago = np.array([0.0, 1 / 24, 1.0, 7.0, 30.0])
        state = market.at(coin, market.now - ago)
        price = float(state.price[0]) * (row.size if row.twin else 1.0)
        cap = float(state.cap[0]) * row.size
        changes = ((state.price[0] / state.price[1:] - 1) * 100).tolist()
        scores, today = self._social.scores(row), market.today
        galaxy = float(scores.galaxy[today])
        return {
            "id": row.number,
            "symbol": row.symbol,
            "name": row.name,
            "price": price,
            "price_btc": price / self._bitcoin,
            "volume_24h": round(float(state.volume[0]) * (row.size if row.twin else 1.0), 2),
            "volatility": 0.012,
            "circulating_supply": round(cap / price, 2),
            "max_supply": coin.max_supply,
            "percent_change_1h": changes[0],
            "percent_change_24h": changes[1],
            "percent_change_7d": changes[2],
            "market_cap": round(cap, 2),
            "market_cap_rank": 0,
            "interactions_24h": int(scores.interactions[today]),
            "social_volume_24h": int(scores.interactions[today] // 500),
            "social_dominance": None if row.tiny else float(scores.dominance[today]),
            "market_dominance": cap / _WHOLE_CAP * 100,
            "market_dominance_prev": cap / _WHOLE_CAP * 101,
            "galaxy_score": galaxy + 0.5 * (row.number % 2),
            "galaxy_score_previous": float(scores.galaxy[today - 1]),
            "alt_rank": int(scores.alt_rank[today]),
            "alt_rank_previous": int(scores.alt_rank[today - 1]),
            "sentiment": int(scores.sentiment[today]),
            "categories": None if row.twin else self._categories(row),
            "blockchains": [
                {"type": "layer1", "network": coin.id, "address": None, "decimals": None}
            ],
            "percent_change_30d": changes[3],
            "last_updated_price": self._now - 9,
            "last_updated_price_by": "cmc_stream",
            "topic": f"{row.symbol.lower()} {row.topic}",
            "logo": f"https://cdn.lunarcrush.com/{coin.id}.png",
        }

    def _categories(self, row: Followed) -> str:
        return {"usd": "stablecoin", "fund": "real-world-assets"}.get(row.coin.type, "layer-1")

    def _list(self, query: Mapping[str, str]) -> Answer:
        wrong = _unreadable(query)
        if wrong:
            return errors.invalid_parameter(wrong)
        sort = query.get("sort", "market_cap_rank")
        if sort not in self._rows[0]:
            return errors.invalid_parameter("sort")
        limit, page = int(query.get("limit", "0")), int(query.get("page", "0"))
        rows = [row for row in self._rows if _in_category(row, query.get("filter", ""))]
        # ranks count up; any value of desc, even "false", turns the order round
        falling = sort not in ("market_cap_rank", "alt_rank", "name", "symbol", "id")
        rows.sort(key=lambda row: (row[sort] is None, row[sort] or 0), reverse=falling)
        if "desc" in query:
            rows.reverse()
        size = min(limit, MAX_LIMIT) or len(rows)
        config = {
            "sort": sort,
            "desc": True,
            "limit": limit,
            "page": page,
            "total_rows": len(rows),
            "generated": self._now,
        }
        return json_answer({"config": config, "data": rows[page * size : (page + 1) * size]})

    def _coin(self, row: Followed, name: str, query: Mapping[str, str]) -> Answer:
        """No sentiment and no social dominance here, whatever the plan."""
        if query:
            return errors.invalid_parameter(next(iter(query)))
        entry = self._by_number[row.number]
        fields = (
            *("id", "name", "symbol", "price", "price_btc", "market_cap", "percent_change_24h"),
            *("percent_change_7d", "percent_change_30d", "volume_24h", "max_supply"),
            "circulating_supply",
        )
        data = {field: entry[field] for field in fields}
        data["close"] = entry["price"]
        for field in ("galaxy_score", "alt_rank", "volatility", "market_cap_rank"):
            data[field] = entry[field]
        config = {
            "id": f"coins:{row.number}" if name == str(row.number) else f"${name.lower()}",
            "name": row.name,
            "symbol": row.symbol,
            "topic": row.topic,
            "generated": self._now,
        }
        return json_answer({"config": config, "data": data})

    def _meta(self, row: Followed, name: str, query: Mapping[str, str]) -> Answer:
        if query:
            return errors.invalid_parameter(next(iter(query)))
        coin = row.coin
        data: dict[str, Any] = {
            "id": row.number,
            "name": row.name,
            "symbol": row.symbol,
            "market_categories": self._categories(row),
            "updated": self._now - 86_400,
            "blockchain": [
                {"type": "layer1", "network": coin.id, "address": None, "decimals": None}
            ],
            "short_summary": f"{row.name} â€“ as simulated by the sandbox.",
            "description": f"{row.name} as simulated by the sandbox.",
            "website_link": f"https://example.org/{coin.id}",
        }
        if not row.twin and coin.id not in WITHOUT_COINGECKO_LINK:
            data["coingecko_link"] = f"https://www.coingecko.com/en/coins/{coin.id}"
        data["coinmarketcap_link"] = f"https://coinmarketcap.com/currencies/{coin.id}/"
        return json_answer({"data": data, "config": {"coin": name, "generated": self._now}})

    def _changes(self, query: Mapping[str, str]) -> Answer:
        row = self._social.followed[-1]
        change = {
            "asset_type": "coins",
            "asset_id": row.number,
            "asset_name": f"{row.name} ({row.symbol})",
            "change": "search terms established",
            "description": "search criteria initially set for this asset",
            "time": self._now - 3600,
        }
        return json_answer({"data": [change]})


def _unreadable(query: Mapping[str, str]) -> str | None:
    """The first parameter that is unknown or no number where one belongs."""
    for name, value in query.items():
        if name not in LIST_PARAMETERS:
            return name
        if name in ("limit", "page") and not value.isdigit():
            return name
    return None


def _in_category(row: Mapping[str, Any], wanted: str) -> bool:
    return not wanted or bool(set(wanted.split(",")) & set((row["categories"] or "").split(",")))
