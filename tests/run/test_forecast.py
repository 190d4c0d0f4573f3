"""The plan: just the calls that the run then makes, by provider, whatever the cache holds."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from datalake.exits import Exit
from datalake.plugins import load
from datalake.running.options import Options
from datalake.running.planning.forecast import forecast

from .conftest import AS_OF, QUICKLY

DEMO = {"COINGECKO_DEMO_API_KEY": "CG-demo", "LUNARCRUSH_API_KEY": "builder"}
FREE = {"COINGECKO_DEMO_API_KEY": "CG-demo", "DEFILLAMA_PLAN": "free"}
TOMORROW = AS_OF + timedelta(days=1)


@pytest.fixture
def planned(tmp_path, sandbox_run):
    """Plan a run, make it, and hold the two against each other; the plan."""

    def both(environment=None, **given):
        options = {
            "cache": str(tmp_path / "lake"),
            "output": tmp_path / "data.parquet",
            "sandbox": True,
            "as_of": AS_OF,
            "since": date(2026, 1, 15),
            "top": 6,
            **given,
        }
        before = files(tmp_path)
        told = forecast(Options(**options), load(), environment or {}, retry=QUICKLY)
        assert files(tmp_path) == before
        made = sandbox_run(environment, **{"top": 6, **given})
        assert made.exit is not Exit.DEGRADED, made.report.message
        for name, one in made.report.providers.items():
            expected = told.providers[name]
            assert not one.get("failed")
            assert (expected.calls, expected.plan) == (one["calls"], one["plan"]), name
            assert expected.cache_hits == one.get("cache_hits", 0), name
            assert expected.left == one.get("left", 0), name
        assert told.providers.keys() == made.report.providers.keys()
        return told

    return both


def files(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_an_empty_a_warm_and_a_partly_filled_cache(planned):
    """The first run asks for all, the second for lists, a larger one for what is new."""
    first = planned()
    assert first.calls > 150
    assert first.cache_hits == 0
    assert first.slowest == "coingecko"
    second = planned()
    assert second.calls == sum(one.lookups for one in second.providers.values())
    assert second.cache_hits > 100
    third = planned(top=9)
    assert third.cache_hits >= second.cache_hits
    assert third.calls > second.calls
    deeper = planned(top=9, since=date(2025, 9, 1))
    assert deeper.calls > second.calls


def test_the_next_day_is_told_beforehand(planned):
    """`a_day` of the first plan is what the run of the next day makes."""
    first = planned()
    second = planned(as_of=TOMORROW)
    for name, one in second.providers.items():
        assert one.calls == first.providers[name].a_day == one.a_day


@pytest.mark.parametrize("keys", [DEMO, FREE], ids=["demo", "free"])
def test_smaller_plans(planned, keys):
    """No candles are asked for, and the quota is the plan's own word."""
    told = planned(keys)
    assert "ohlc" not in told.providers["coingecko"].datasets
    assert told.providers["coingecko"].quota.limit == 10_000
    free = told.providers["defillama"].plan == "free"
    assert free is (keys is FREE) is (told.providers["defillama"].quota is None)
    planned(keys, as_of=TOMORROW, until=date(2026, 3, 14))


@pytest.mark.parametrize(
    "given",
    [
        {"refresh": ["all"]},
        {"refresh": ["coingecko.ohlc", "defillama"]},
        {"assets": ["ethereum", "aave", "uniswap"]},
        {"datasets": ["coingecko.market", "defillama.protocol_tvl"]},
        {"providers": ["defillama", "lunarcrush"]},
        {"columns": "extended", "since": None, "assets": ["solana"]},
        {"until": "now"},
        {"max_calls": {"all": 90}},
        {"max_calls": {"all": 90}, "until": "now"},
        {"max_calls": {"coingecko": 41, "lunarcrush": 3}},
    ],
    ids=str,
)
def test_what_else_can_be_asked(planned, sandbox_run, given):
    """Over a cache that holds some of it."""
    sandbox_run(top=3)
    planned(**given)


@pytest.mark.parametrize(
    "dataset", ["coingecko.ohlc", "defillama.protocol_tvl", "defillama.dex_volume"]
)
def test_each_dataset_alone(planned, dataset):
    """Those that may take several calls for one series."""
    provider, _, name = dataset.partition(".")
    assets = ["ethereum", "aave", "uniswap", "sky"]
    told = planned(assets=assets, datasets=[dataset]).providers[provider]
    assert told.calls == told.lookups + told.datasets[name].calls
    assert list(told.datasets) == [name]


def test_what_is_left_of_the_month_is_asked(planned):
    """CoinGecko and DefiLlama tell it on a page, LunarCrush with every answer."""
    told = planned(assets=["aave"]).providers
    assert told["coingecko"].quota.left == told["coingecko"].quota.limit == 500_000
    assert told["defillama"].quota.left == 1_000_000
    assert told["lunarcrush"].quota.left > 0
    assert all(one.enough and one.enough_daily for one in told.values())


def test_a_demo_month_is_too_short_for_all_assets(tmp_path):
    """The 200 largest and their members, once a day, are more than 10,000 calls a month."""
    options = Options(cache="memory:", output=tmp_path / "x", sandbox=True, as_of=AS_OF)
    told = forecast(options, load(), DEMO, retry=QUICKLY).providers["coingecko"]
    assert told.enough
    assert told.enough_daily is False
    assert told.a_month > 10_000


def test_an_offline_plan_of_a_past_moment(planned):
    """What the cache has learnt since counts for neither the plan nor the run."""
    small = {"assets": ["ripple"], "datasets": ["coingecko.ohlc"]}
    assert planned(**small).calls > 0
    assert planned(**small, offline=True).cache_hits > 0
    assert planned(**small, offline=True, as_of=AS_OF - timedelta(days=1)).cache_hits == 0
