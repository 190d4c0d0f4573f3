"""A run that may make so many calls, or take so long: the most valuable first, the rest later."""

from __future__ import annotations

from datetime import timedelta

import pytest

from datalake.errors import ConfigError
from datalake.exits import Exit
from datalake.plugins import load
from datalake.running.fetching.lane import workers
from datalake.stores import open_store

from .conftest import AS_OF

TOMORROW = AS_OF + timedelta(days=1)
ONE = {"providers": ["coingecko"], "datasets": ["coingecko.market"]}


def calls(made):
    return {name: one["calls"] for name, one in made.report.providers.items()}


def cached(tmp_path):
    store = open_store(str(tmp_path / "lake"), {}, {})
    return {entry.key.split("asset=")[1].split("/")[0] for entry in store.list("series/v1/")}


def test_the_next_run_goes_on(sandbox_run, tmp_path):
    """Both together make just the calls of one run; nothing is published in between."""
    whole = sum(calls(sandbox_run(cache="memory:", output=tmp_path / "other.parquet")).values())
    first = sandbox_run(max_calls={"all": 40})
    assert first.exit is Exit.BUDGET
    assert sum(calls(first).values()) == 40
    assert not (tmp_path / "data.parquet").exists()
    left = {name: one["left"] for name, one in first.report.providers.items()}
    assert sum(left.values()) > 0
    second = sandbox_run()
    assert second.exit is Exit.PUBLISHED
    lists = 5
    assert sum(calls(second).values()) + 40 == whole + lists


def test_each_provider_keeps_to_its_own_limit(sandbox_run):
    """The others bring all that they have."""
    made = sandbox_run(max_calls={"coingecko": 9}, assets=["ethereum", "aave", "solana"])
    assert made.exit is Exit.BUDGET
    assert calls(made)["coingecko"] == 9
    assert [made.report.providers[name]["left"] for name in ("defillama", "lunarcrush")] == [0, 0]


def test_retries_and_lists_are_calls_too(sandbox_run):
    """A vendor that fails twice costs the two calls."""
    made = sandbox_run(max_calls={"coingecko": 5}, sandbox_faults=["market_chart=503*2"], **ONE)
    assert calls(made) == {"coingecko": 5}
    assert made.exit is Exit.BUDGET


def test_the_largest_come_first_and_closing_days_before_deep_history(sandbox_run, tmp_path):
    """What is cached is brought up to date before an asset that is new, however large."""
    sandbox_run(assets=["dogecoin"], **ONE)
    known = cached(tmp_path)
    more = {"max_calls": {"all": 1 + len(known)}, "as_of": TOMORROW, **ONE}
    made = sandbox_run(assets=["dogecoin", "bitcoin"], **more)
    assert made.exit is Exit.BUDGET
    assert cached(tmp_path) == known
    made = sandbox_run(assets=["litecoin", "bitcoin"], max_calls={"all": 2}, **ONE)
    assert made.exit is Exit.BUDGET
    assert "bitcoin" in cached(tmp_path)
    assert "litecoin" not in cached(tmp_path)


def test_a_run_without_time_asks_nobody(sandbox_run):
    """Not even for the list."""
    made = sandbox_run(timeout=timedelta(microseconds=1))
    assert made.exit is Exit.BUDGET
    assert calls(made) == dict.fromkeys(calls(made), 0)


def test_what_is_cached_needs_no_budget(sandbox_run):
    """A second run with room for its lists alone publishes."""
    sandbox_run(assets=["bitcoin"], **ONE)
    assert sandbox_run(assets=["bitcoin"], max_calls={"all": 1}, **ONE).exit is Exit.PUBLISHED


def test_a_refresh_without_calls_for_it_takes_today_from_nobody(sandbox_run, tmp_path):
    """What is published of the open day stands: it does not vanish with the last call."""
    asked = {"assets": ["bitcoin"], "until": "now", **ONE}
    assert sandbox_run(**asked).exit is Exit.PUBLISHED
    before = (tmp_path / "data.parquet").read_bytes()
    made = sandbox_run(**asked, as_of=AS_OF + timedelta(minutes=5), max_calls={"all": 1})
    assert made.exit is Exit.BUDGET, made.report.message
    assert "the open day of coingecko.market" in made.report.message
    assert (tmp_path / "data.parquet").read_bytes() == before


@pytest.mark.parametrize("given", [{"max_calls": {"all": 3}}, {"timeout": timedelta(minutes=1)}])
def test_an_offline_run_has_no_budget(sandbox_run, given):
    """It makes no calls."""
    with pytest.raises(ConfigError, match="makes no calls"):
        sandbox_run(offline=True, **given)


def test_there_are_workers_for_every_plan():
    """At a second for each answer, and more, the whole rate of every plan is used."""
    for provider in load().providers.values():
        for plan in provider.plans:
            assert workers(plan.rate.interval) / 1.2 >= 1.0 / plan.rate.interval, plan
