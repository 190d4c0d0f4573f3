"""CoinGecko: the universe, and price, market cap, volume and candles of every coin in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from datalake import (
    Column,
    Dataset,
    Provider,
    Refused,
    Rejected,
    Stamp,
    Unavailable,
    hookimpl,
)

from . import market, ohlc, snapshot
from .catalogue import catalogue
from .plans import FREE, PAID, PLANS, usage
from .universe import assets

USD = "US dollars"

#: A day's last figures are there at 00:10 (charts) and 00:35 (candles) UTC; five minutes more.
SETTLE = timedelta(minutes=40)

MARKET = Dataset(
    name="market",
    columns={
        "price": Column(USD, "price of one coin at the end of the day", minimum=0),
        "market_cap": Column(
            USD, "price times circulating supply at the end of the day", minimum=0
        ),
        "volume": Column(USD, "traded on all markets in the 24 hours of the day", minimum=0),
    },
    fetch=market.fetch,
    snapshot=snapshot.market,
    stamp=Stamp.END,
    time_unit="ms",
    settle=SETTLE,
    since=date(2013, 4, 27),  # bitcoin's first point is the midnight that ends this day
)

#: Candles are built from sampled prices, not from trades: an open is not the close before it.
OHLC = Dataset(
    name="ohlc",
    columns={
        "open": Column(USD, "first price of the day", minimum=0),
        "high": Column(USD, "highest price of the day", minimum=0),
        "low": Column(USD, "lowest price of the day", minimum=0),
        "close": Column(USD, "last price of the day", minimum=0),
    },
    fetch=ohlc.fetch,
    calls=ohlc.calls,
    stamp=Stamp.END,
    time_unit="ms",
    settle=SETTLE,
    since=date(2018, 2, 9),
    # 30 days back from now begin in the middle of a day: 29 whole ones.
    reach=dict.fromkeys(FREE, timedelta(days=29)),
    plans=PAID,
    apart=dict.fromkeys(FREE, ohlc.FOLDED),
)

#: `error_code` stands at three different depths of the body. 10002: no key, or the wrong header
#: for this host; 10010 and 10011: a key of the other plan (sent as HTTP 400); 10005: this plan
#: lacks the endpoint; 10012: further back than the plan may look; 403: "temporarily unavailable".
ERRORS = {
    10002: Refused,
    10010: Refused,
    10011: Refused,
    10005: Rejected,
    10012: Rejected,
    403: Unavailable,
    429: Unavailable,
}


def classify(status: int, body: bytes) -> type[Exception] | None:
    """CoinGecko's own error codes tell more than HTTP's: a 401 may be the key or the range."""
    code = re.search(rb'"error_code"\s*:\s*(\d+)', body[:2_000])
    return ERRORS.get(int(code[1])) if code else None


@hookimpl
def register_providers() -> Iterable[Provider]:
    """CoinGecko, as this plugin brings it."""
    yield Provider(
        name="coingecko",
        title="CoinGecko",
        keys_url="https://www.coingecko.com/en/api/pricing",
        plans=PLANS,
        datasets=(MARKET, OHLC),
        universe=assets,
        catalogue=catalogue,
        classify=classify,
        reset_header="x-ratelimit-reset",
        usage=usage,
    )
