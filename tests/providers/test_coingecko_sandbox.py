"""CoinGecko end to end: the real client, over sockets, on every plan."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from itertools import islice

import numpy as np
import pytest
from attrs import evolve

from datalake import Refused, Rejected, Window
from datalake.series import to_series
from datalake_coingecko import MARKET, OHLC, register_providers

(COINGECKO,) = register_providers()
PAID = ["pro", "basic", "analyst", "lite", "enterprise"]
NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
TODAY = NOW.date()


def series(dataset, coin, window, client):
    """What the framework would keep of a fetch: closed days of the window."""
    table = to_series(dataset, dataset.fetch(coin, window, client), now=client.now).table
    dates = np.array(table["date"].to_pylist())
    return table.filter((dates >= window.start) & (dates < window.end))


def days(table):
    return table["date"].to_pylist()


def every_day(window):
    return [window.start + timedelta(days=offset) for offset in range(window.days)]


@pytest.mark.parametrize("plan", [*PAID, "demo", "keyless"])
@pytest.mark.parametrize("length", [1, 2, 40, 365])
def test_market_brings_each_day_of_the_window(connect, plan, length):
    """Whatever the plan's endpoint: the days that were asked for, each once, all priced."""
    client = connect(COINGECKO, plan)
    window = Window(TODAY - timedelta(days=length), TODAY)
    table = series(MARKET, "ethereum", window, client)
    assert days(table) == every_day(window)
    assert table["price"].null_count == 0


def test_all_plans_tell_the_same_day_alike(connect):
    """The charts of `/range` and of `days` label their days in the same way."""
    window = Window(TODAY - timedelta(days=30), TODAY)
    pro, demo, keyless = (
        series(MARKET, "bitcoin", window, connect(COINGECKO, plan))
        for plan in ("pro", "demo", "keyless")
    )
    assert pro.equals(demo)
    assert pro.equals(keyless)


def test_pro_brings_the_whole_history(connect):
    """From the first day that there is, in one call."""
    client = connect(COINGECKO, "pro")
    window = Window(MARKET.since, TODAY)
    table = series(MARKET, "bitcoin", window, client)
    assert days(table)[-1] == TODAY - timedelta(days=1)
    assert len(days(table)) > 4000
    assert client.stats.calls == 1


def test_a_window_beyond_the_plan_is_clamped(connect):
    """The most that a demo key may see are 365 days; more is not asked for, so not refused."""
    client = connect(COINGECKO, "demo")
    table = series(MARKET, "bitcoin", Window(date(2020, 1, 1), TODAY), client)
    assert days(table)[0] == TODAY - timedelta(days=365)
    assert MARKET.earliest(client.plan, TODAY) == TODAY - timedelta(days=365)


@pytest.mark.parametrize("plan", PAID)
def test_candles_of_paid_plans_cover_the_window(connect, plan):
    """Windows of 180 days leave no gap and no doubles at their seams."""
    client = connect(COINGECKO, plan)
    window = Window(TODAY - timedelta(days=400), TODAY)
    table = series(OHLC, "ethereum", window, client)
    assert days(table) == every_day(window)
    assert client.stats.calls == 3


def test_candles_take_as_many_calls_as_are_told_beforehand(connect):
    """Eight years are 17 calls, of a coin of some months, too: when it was born nobody says."""
    client = connect(COINGECKO, "pro")
    window = Window(OHLC.since, TODAY)
    old = series(OHLC, "bitcoin", window, client)
    assert len(days(old)) == window.days
    assert client.stats.calls == OHLC.calls("bitcoin", window, client) == 17
    young = series(OHLC, "midnight-3", window, client)
    assert 60 < len(days(young)) < 178
    assert client.stats.calls == 2 * 17


def test_candles_of_a_single_day(connect):
    """A daily refresh asks for one day and gets it."""
    window = Window(TODAY - timedelta(days=1), TODAY)
    assert days(series(OHLC, "ethereum", window, connect(COINGECKO, "pro"))) == every_day(window)


@pytest.mark.parametrize("plan", ["demo", "keyless"])
def test_candles_of_free_plans_are_folded_from_four_hours(connect, plan):
    """All days that the plan may look back, and they agree with the paid plan's own candles."""
    client = connect(COINGECKO, plan)
    window = Window(OHLC.earliest(client.plan, TODAY), TODAY)
    folded = series(OHLC, "ethereum", window, client)
    assert days(folded) == every_day(window)
    paid = series(OHLC, "ethereum", window, connect(COINGECKO, "pro"))
    for edge in ("open", "close"):
        np.testing.assert_allclose(folded[edge].to_numpy(), paid[edge].to_numpy(), rtol=0.02)


def test_the_candle_closes_at_the_price_of_the_market_chart(connect):
    """Two endpoints, one convention: the close of day D is the price of day D."""
    client = connect(COINGECKO, "pro")
    window = Window(TODAY - timedelta(days=60), TODAY)
    close = series(OHLC, "bitcoin", window, client)["close"].to_numpy()
    price = series(MARKET, "bitcoin", window, client)["price"].to_numpy()
    same_day = np.abs(close / price - 1).max()
    assert same_day < np.abs(close[1:] / price[:-1] - 1).max() / 3
    assert same_day < np.abs(close[:-1] / price[1:] - 1).max() / 3


def test_candles_are_on_by_default_for_paid_plans_only():
    """On demo and keyless they would eat the month's calls."""
    assert OHLC.plans == set(PAID)
    assert MARKET.plans is None


def test_the_universe_is_read_lazily_in_order(connect):
    """The top 200 cost one call; reading on brings the next page, each coin once."""
    client = connect(COINGECKO, "demo")
    top = list(islice(COINGECKO.universe(None, client), 200))
    assert client.stats.calls == 1
    caps = [asset.market_cap or 0 for asset in top]
    assert caps == sorted(caps, reverse=True)
    assert (top[0].id, top[0].symbol, top[0].name) == ("bitcoin", "btc", "Bitcoin")
    assert top[0].price > 0
    assert top[0].image.startswith("https://")
    everything = [asset.id for asset in COINGECKO.universe(None, client)]
    assert len(set(everything)) == len(everything) > 200
    assert "wrapped-bitcoin" not in everything


def test_named_assets_come_by_market_cap(connect):
    """Only those asked for, variants too, whatever the order of asking; unknown ids are absent."""
    ids = ["aave", "wrapped-bitcoin", "no-such-coin", "bitcoin", "aave"]
    found = [asset.id for asset in COINGECKO.universe(ids, connect(COINGECKO, "keyless"))]
    assert found == ["bitcoin", "wrapped-bitcoin", "aave"]


def test_many_named_assets_take_several_calls_and_stay_in_order(connect):
    """More ids than a URL should hold are asked for in parts."""
    client = connect(COINGECKO, "pro")
    top = [asset.id for asset in islice(COINGECKO.universe(None, client), 100)]
    padding = [f"no-such-coin-{number}" for number in range(350)]
    mixed = [*padding[:150], *top[50:], *padding[150:], *top[:50]]
    before = client.stats.calls
    assert [asset.id for asset in COINGECKO.universe(mixed, client)] == top
    assert client.stats.calls - before == 3


def test_a_key_of_the_other_plan_refuses_the_provider(connect):
    """CoinGecko says it with HTTP 400; it is the key that is wrong, not this one coin."""
    pro, demo = (plan for plan in COINGECKO.plans if plan.name in ("pro", "demo"))
    crossed = evolve(COINGECKO, plans=[evolve(pro, base_url=demo.base_url)])
    window = Window(TODAY - timedelta(days=5), TODAY)
    with pytest.raises(Refused):
        MARKET.fetch("bitcoin", window, connect(crossed, "pro"))


def test_a_range_that_the_plan_lacks_rejects_one_request(connect):
    """The 401 of a request beyond the plan's history says nothing against the key."""
    client = connect(COINGECKO, "demo")
    with pytest.raises(Rejected):
        client.get("coins/bitcoin/market_chart", {"vs_currency": "usd", "days": 700})


@pytest.mark.parametrize("plan", ["pro", "keyless"])
def test_the_catalogue_has_every_coin(connect, plan):
    """With contracts, the category of a token, and a price where a list has one."""
    client = connect(COINGECKO, plan)
    coins = {entry.asset.id: entry for entry in COINGECKO.catalogue(client)}
    assert client.stats.calls <= 10
    assert len(coins) == len(client.get("coins/list"))
    bitcoin, wrapped = coins["bitcoin"], coins["wrapped-bitcoin"]
    assert not bitcoin.secondary
    assert bitcoin.groups == frozenset()
    assert wrapped.secondary
    assert wrapped.groups == {"wrapped"}
    assert next(iter(wrapped.platforms.values())).startswith("0x")
    assert wrapped.asset.price == pytest.approx(bitcoin.asset.price, rel=0.05)
    assert wrapped.volume > 0
    assert coins["staked-ether"].groups == {"staked"}
