"""The CoinGecko API v3 over the simulated market: paths to answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from datalake_sandbox import coingecko_charts as charts
from datalake_sandbox import coingecko_coin as coin_pages
from datalake_sandbox import coingecko_errors as errors
from datalake_sandbox.coingecko_markets import SLUGS, Markets, coins_markets, percent
from datalake_sandbox.market import Market
from datalake_sandbox.messages import Access, Answer, Request, json_answer, routes
from datalake_sandbox.numbers import price_number
from datalake_sandbox.universe import Coin

PREFIX = "/api/v3"
MONTHLY_CREDITS = 500_000
Page = Callable[[Market, Coin, Mapping[str, str], str], Answer]


class CoinGecko:
    """Answers requests that were admitted."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._markets = Markets(market)
        self._routes = routes(
            {
                "/ping": lambda q, plan: json_answer({"gecko_says": "(V3) To the Moon!"}),
                "/key": self._key,
                "/coins/list": self._list,
                "/coins/markets": self._coins_markets,
                "/coins/categories/list": self._categories,
                "/asset_platforms": self._platforms,
                "/simple/price": self._simple_price,
                "/simple/supported_vs_currencies": lambda q, plan: json_answer(["usd"]),
                "/coins/{}": self._coin,
                "/coins/{}/history": self._page(coin_pages.history),
                "/coins/{}/market_chart": self._page(charts.market_chart, "vs_currency"),
                "/coins/{}/market_chart/range": self._page(charts.chart_range, "vs_currency"),
                "/coins/{}/ohlc": self._page(charts.ohlc, "vs_currency"),
                "/coins/{}/ohlc/range": self._page(charts.ohlc_range, "vs_currency"),
            }
        )

    def answer(self, request: Request, access: Access) -> Answer:
        """The answer to one request."""
        found = self._routes.find(access.path.removeprefix(PREFIX))
        if found is None or not access.path.startswith(PREFIX + "/"):
            return errors.incorrect_path()
        handler, arguments = found
        answer = handler(*arguments, request.query, access.plan)
        if answer.status != 200:
            return answer
        age = (("Cache-Control", "max-age=30, public, must-revalidate, s-maxage=30"),)
        return Answer(answer.status, answer.body, answer.content_type, age)

    def _page(self, page: Page, *required: str) -> Callable[..., Answer]:
        """A handler for pages about one coin: finds the coin, checks the currency."""

        def handler(coin_id: str, query: Mapping[str, str], plan: str) -> Answer:
            coin = self._market.universe.coins.get(coin_id)
            if coin is None:
                return errors.coin_not_found()
            refusal = _currency(query) if "vs_currency" in required else None
            if refusal is not None and "ohlc" in page.__name__ and "vs_currency" not in query:
                return errors.internal()
            return refusal or page(self._market, coin, query, plan)

        return handler

    def _coin(self, coin_id: str, query: Mapping[str, str], plan: str) -> Answer:
        coin = self._market.universe.coins.get(coin_id)
        if coin is None:
            return errors.coin_not_found()
        return coin_pages.detail(self._markets, self._market, coin, query)

    def _coins_markets(self, query: Mapping[str, str], plan: str) -> Answer:
        return _currency(query) or coins_markets(self._markets, self._market, query)

    def _key(self, query: Mapping[str, str], plan: str) -> Answer:
        if plan != "pro":
            return errors.paid_only()
        return json_answer(
            {
                "plan": "Analyst",
                "rate_limit_request_per_minute": 500,
                "monthly_call_credit": MONTHLY_CREDITS,
                "current_total_monthly_calls": 0,
                "current_remaining_monthly_calls": MONTHLY_CREDITS,
                "api_key_rate_limit_request_per_minute": 500,
                "api_key_monthly_call_credit": MONTHLY_CREDITS,
                "api_key_current_total_monthly_calls": 0,
            }
        )

    def _list(self, query: Mapping[str, str], plan: str) -> Answer:
        if query.get("status", "active") != "active":
            return errors.paid_only() if plan != "pro" else json_answer([])
        homes = query.get("include_platform", "").lower() == "true"
        rows = sorted(self._market.universe.coins.values(), key=lambda coin: coin.id)
        return json_answer([_entry(coin, homes) for coin in rows])

    def _categories(self, query: Mapping[str, str], plan: str) -> Answer:
        names = {slug: slug.replace("-", " ").title() for slug in SLUGS}
        return json_answer([{"category_id": slug, "name": name} for slug, name in names.items()])

    def _platforms(self, query: Mapping[str, str], plan: str) -> Answer:
        return json_answer(
            [
                {
                    "id": platform,
                    "chain_identifier": number,
                    "name": name,
                    "shortname": "",
                    "native_coin_id": native,
                    "image": {"thumb": "", "small": "", "large": ""},
                }
                for platform, (number, name, native) in coin_pages.PLATFORMS.items()
            ]
        )

    def _simple_price(self, query: Mapping[str, str], plan: str) -> Answer:
        if "vs_currencies" not in query:
            return errors.missing("vs_currencies")
        wanted = [part.strip() for part in query.get("ids", "").split(",")]
        rows = [self._markets.by_id[i] for i in wanted if i in self._markets.by_id]
        body: dict[str, dict[str, Any]] = {}
        for row in rows:
            body[row.coin.id] = {"usd": price_number(row.price, query.get("precision"))}
            if query.get("include_market_cap") == "true":
                body[row.coin.id]["usd_market_cap"] = row.cap
            if query.get("include_24hr_vol") == "true":
                body[row.coin.id]["usd_24h_vol"] = row.volume
            if query.get("include_24hr_change") == "true":
                body[row.coin.id]["usd_24h_change"] = percent(row.price, row.day_ago)
            if query.get("include_last_updated_at") == "true":
                body[row.coin.id]["last_updated_at"] = int(self._market.clock.timestamp())
        return json_answer(body)


def _entry(coin: Coin, with_platforms: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": coin.id, "symbol": coin.symbol, "name": coin.name}
    if with_platforms:
        home = coin_pages.platforms(coin)
        entry["platforms"] = {name: address for name, address in home.items() if name}
    return entry


def _currency(query: Mapping[str, str]) -> Answer | None:
    """The sandbox's market is in USD only."""
    if "vs_currency" not in query:
        return errors.missing("vs_currency")
    return None if query["vs_currency"].lower() == "usd" else errors.invalid("vs_currency")
