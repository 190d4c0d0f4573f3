"""LunarCrush end to end: the real client, over sockets, on every plan."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice

import numpy as np
import pytest
from attrs import evolve

from datalake import Asset, Rejected, Window
from datalake.series import to_series
from datalake_coingecko import register_providers as coingecko
from datalake_lunarcrush import SOCIAL, register_providers

(LUNARCRUSH,) = register_providers()
(COINGECKO,) = coingecko()
TODAY = date(2026, 3, 15)


def series(number, window, client):
    """What the framework would keep of a fetch: closed days of the window."""
    series = to_series(SOCIAL, SOCIAL.fetch(number, window, client), now=client.now)
    assert series.rejected == 0
    dates = np.array(series.table["date"].to_pylist())
    return series.table.filter((dates >= window.start) & (dates < window.end))


@pytest.fixture
def bitcoin(connect):
    (asset,) = COINGECKO.universe(["bitcoin"], connect(COINGECKO, "pro"))
    return asset


@pytest.mark.parametrize("plan", ["individual", "hobby", "builder", "scale"])
def test_a_coin_is_found_and_its_days_are_read(connect, bitcoin, plan):
    """By number; every day of the window, its scores within their units."""
    client = connect(LUNARCRUSH, plan)
    number = SOCIAL.resolve(bitcoin, client)
    assert number == "1"
    window = Window(TODAY - timedelta(days=30), TODAY)
    table = series(number, window, client)
    assert table["date"].to_pylist() == [window.start + timedelta(days=n) for n in range(30)]
    assert table["galaxy_score"].null_count < 30
    assert client.stats.calls == 2


def test_the_whole_history_is_one_call(connect):
    """From 2020 on, in one answer."""
    client = connect(LUNARCRUSH, "scale")
    table = series("1", Window(SOCIAL.since, TODAY), client)
    assert table["date"][0].as_py() == SOCIAL.since
    assert table["date"][-1].as_py() == TODAY - timedelta(days=1)


def test_most_of_the_top_is_found_by_one_list(connect):
    """Of the top 200 at least 150; no number stands for two assets."""
    top = list(islice(COINGECKO.universe(None, connect(COINGECKO, "pro")), 200))
    client = connect(LUNARCRUSH, "scale")
    numbers = [number for asset in top if (number := SOCIAL.resolve(asset, client))]
    assert client.stats.calls == 1
    assert len(numbers) >= 150
    assert len(set(numbers)) == len(numbers)


def test_an_asset_that_is_only_named_is_not_guessed(connect, bitcoin):
    """Without symbol, name and cap there is no confidence."""
    client = connect(LUNARCRUSH, "scale")
    assert SOCIAL.resolve(Asset("bitcoin"), client) is None
    assert SOCIAL.resolve(evolve(bitcoin, market_cap=bitcoin.market_cap * 2), client) is None


def test_unknown_parameters_are_refused(connect):
    """The vendor's 400 rejects the one request; so the provider sends none it does not know."""
    client = connect(LUNARCRUSH, "scale")
    with pytest.raises(Rejected):
        client.get("public/coins/1/time-series/v2", {"explanation": "x"})
