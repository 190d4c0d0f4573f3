"""CoinGecko's chart endpoints: which window, which resolution, which plan may see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

import numpy as np

from datalake_sandbox import coingecko_errors as errors
from datalake_sandbox import coingecko_series as series
from datalake_sandbox.coingecko_series import Points
from datalake_sandbox.market import DAY_SECONDS, Market, midnight_ms
from datalake_sandbox.messages import Answer, json_answer
from datalake_sandbox.numbers import price_number
from datalake_sandbox.settling import CHART_SETTLED, early
from datalake_sandbox.universe import Coin

FREE_DAYS = 365
HOURLY_DAYS = 90
OHLC_SINCE = datetime(2018, 2, 9, tzinfo=timezone.utc)
OHLC_DAYS = ("1", "7", "14", "30", "90", "180", "365", "max")
OHLC_INTERVALS = {"daily": (DAY_SECONDS, 180), "hourly": (3600, 31)}
_FOREVER = 36_500.0


def body(points: Points, precision: str | None = None) -> Answer:
    """The three arrays of market_chart."""
    stamps = points.stamps.tolist()
    prices = points.price.tolist()
    if precision not in (None, "full"):
        prices = [price_number(price, precision) for price in prices]
    return json_answer(
        {
            "prices": list(zip(stamps, prices, strict=True)),
            "market_caps": list(zip(stamps, points.cap.tolist(), strict=True)),
            "total_volumes": list(zip(stamps, points.volume.tolist(), strict=True)),
        }
    )


def _days(text: str) -> float | None:
    if text == "max":
        return _FOREVER
    try:
        days = float(text)
    except ValueError:
        return None
    return days if 0 < days <= _FOREVER else None


def market_chart(market: Market, coin: Coin, query: Mapping[str, str], plan: str) -> Answer:
    """`/coins/{id}/market_chart`: the last `days`, at the resolution CoinGecko picks."""
    days = _days(query.get("days", ""))
    if days is None:
        return errors.missing("days") if "days" not in query else errors.invalid("days")
    if plan != "pro" and days > FREE_DAYS:
        return errors.beyond_history()
    interval = query.get("interval", "")
    if interval == "5m":
        return errors.paid_only()
    if interval not in ("", "daily", "hourly"):
        return errors.invalid("interval")
    return body(_recent(market, coin, days, interval), query.get("precision"))


def _recent(market: Market, coin: Coin, days: float, interval: str) -> Points:
    span = min(days, max(0.0, market.now - series.first_index(coin)))
    if interval == "daily" or (interval == "" and span > HOURLY_DAYS):
        # N midnights, today's among them, and the moment now
        return series.daily(market, coin, market.today - int(min(days, _FOREVER)) + 1)
    if interval == "" and span <= 1:
        return series.fine(market, coin, span, 300)
    return series.fine(market, coin, min(span, 100.0), 3600)


def instant_of(text: str) -> float | None:
    """Seconds since 1970 from a UNIX time or an ISO date; None for anything else."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return when.replace(tzinfo=when.tzinfo or timezone.utc).timestamp()


def _window(query: Mapping[str, str]) -> tuple[float, float] | Answer:
    for name in ("from", "to"):
        if name not in query:
            return errors.missing(name)
    start, end = instant_of(query["from"]), instant_of(query["to"])
    if start is None or end is None:
        return errors.invalid("from" if start is None else "to")
    return start, end


def chart_range(market: Market, coin: Coin, query: Mapping[str, str], plan: str) -> Answer:
    """`/coins/{id}/market_chart/range`: the points within [from, to]."""
    window = _window(query)
    if isinstance(window, Answer):
        return window
    start, end = window
    oldest = (market.clock - timedelta(days=FREE_DAYS)).timestamp() - DAY_SECONDS
    if plan != "pro" and start < oldest:
        return errors.beyond_history()
    interval = query.get("interval", "") if plan == "pro" else ""
    if interval == "5m":
        return errors.paid_only()
    span = (end - start) / DAY_SECONDS
    if interval == "daily" or (interval == "" and span > HOURLY_DAYS):
        points = series.daily(market, coin, 0)
    else:
        reach = (market.clock.timestamp() - start) / DAY_SECONDS
        step = 300 if interval == "" and span <= 1 else 3600
        points = series.fine(market, coin, min(max(reach, 0.0), 400.0), step)
    return body(points.between(start * 1000, end * 1000), query.get("precision"))


def ohlc(market: Market, coin: Coin, query: Mapping[str, str], plan: str) -> Answer:
    """`/coins/{id}/ohlc`: candles of the last `days`, stamped with their close."""
    if "days" not in query:
        return errors.internal()
    days = query["days"]
    if days not in OHLC_DAYS:
        return errors.invalid("days")
    interval = query.get("interval", "")
    refused = _ohlc_plan(days, interval, plan)
    if refused:
        return refused
    count = int(_FOREVER) if days == "max" else int(days)
    if interval:
        width, _ = OHLC_INTERVALS[interval]
        if count > (180 if interval == "daily" else 90):
            return errors.invalid("interval")
    else:
        width = 1800 if count <= 2 else 4 * 3600 if count <= 30 else 4 * DAY_SECONDS
    now = market.now * DAY_SECONDS
    last = int(-(-now // width) * width)
    first = max(last - count * DAY_SECONDS, series.first_index(coin) * DAY_SECONDS)
    return _candles(market, coin, first, last, width)


def _ohlc_plan(days: str, interval: str, plan: str) -> Answer | None:
    if interval and interval not in OHLC_INTERVALS:
        return errors.invalid("interval")
    if plan == "pro":
        return None
    if interval:
        return errors.paid_only()
    return errors.beyond_history() if days == "max" else None


def ohlc_range(market: Market, coin: Coin, query: Mapping[str, str], plan: str) -> Answer:
    """`/coins/{id}/ohlc/range`: paid; at most 180 daily or 744 hourly candles."""
    if plan != "pro":
        return errors.paid_only()
    interval = query.get("interval", "")
    if interval not in OHLC_INTERVALS:
        return errors.invalid("interval") if interval else errors.missing("interval")
    window = _window(query)
    if isinstance(window, Answer):
        return window
    start, end = window
    width, most = OHLC_INTERVALS[interval]
    if end - start > most * DAY_SECONDS:
        return errors.invalid("from, to: the range is longer than one request may ask for")
    origin = midnight_ms(0) / 1000
    start = max(start, OHLC_SINCE.timestamp()) - origin
    end = min(end - origin, market.now * DAY_SECONDS + width)
    return _candles(market, coin, int(start // width * width), int(end // width * width), width)


def _candles(market: Market, coin: Coin, first: int, last: int, width: int) -> Answer:
    closes = np.arange(last, first, -width)[::-1]
    if width == DAY_SECONDS and early(market, CHART_SETTLED):
        closes = closes[closes != market.today * DAY_SECONDS]
    return json_answer(series.candles(market, coin, closes, width))
