"""`--until now`: the open day from a few calls, and closed data in its place the next day."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pyarrow.parquet as pq
import pytest

from datalake.errors import ConfigError
from datalake.exits import Exit
from datalake.explaining.explain import explain
from datalake.explaining.published import read_file
from datalake.lake import open_lake
from datalake.plugins import load
from datalake.publish import open_place
from datalake.publish.layout import read_metadata
from datalake.running.options import Options
from datalake.running.planning.forecast import forecast
from datalake.running.records.replay import replay
from datalake.settings import CacheSettings

from .conftest import AS_OF

TODAY = AS_OF.date()
YESTERDAY = TODAY - timedelta(days=1)
MINUTES = timedelta(minutes=5)


def calls(result):
    return sum(one["calls"] for one in result.report.providers.values())


def of(result, day, asset="bitcoin"):
    """One row of the result, without nulls."""
    rows = result.rows.filter(pl.col("date") == day, pl.col("canonical_id") == asset)
    return {name: value for name, value in rows.to_dicts()[0].items() if value is not None}


def closed(result, through=YESTERDAY):
    return result.rows.filter(pl.col("date") <= through)


@pytest.mark.parametrize("top", [25, pytest.param(200, marks=pytest.mark.slow)])
def test_a_refresh_takes_a_dozen_calls(sandbox_run, tmp_path, top):
    """All three providers, with the variants of all assets; however late on the same UTC day."""
    window = {"top": top, "since": date(2026, 3, 4)}
    first = sandbox_run(until="now", **window)
    assert first.exit is Exit.PUBLISHED, first.report.message
    assert calls(first) > 4 * top
    (snapshot,) = (
        one for one in first.report.open_day["snapshots"] if one["dataset"] == "coingecko.market"
    )
    assert snapshot["assets"] > 2 * top
    # ten minutes before midnight dead coins are not asked for again, either
    second = sandbox_run(until="now", as_of=AS_OF.replace(hour=23, minute=50), **window)
    assert second.exit is Exit.PUBLISHED, second.report.message
    came = set(second.report.universe["assets"]) - set(first.report.universe["assets"])
    assert calls(second) - 3 * len(came) <= 12
    assert second.report.output["sequence"] == 2
    today = second.rows.filter(pl.col("date") == TODAY)
    assert today.height >= 0.95 * top
    assert today["close"].null_count() < 0.05 * top
    footer = pq.read_metadata(tmp_path / "data.parquet").metadata
    assert read_metadata(footer)["open_day"] == "2026-03-15"


def test_closed_days_are_what_they_are_without_it(sandbox_run, tmp_path):
    """The open day is one more row by the same rules; what is cached of a day is closed."""
    plain = sandbox_run()
    assert plain.report.open_day == {}
    opened = sandbox_run(until="now", as_of=AS_OF + MINUTES)
    assert opened.exit is Exit.PUBLISHED, opened.report.message
    assert calls(opened) <= 12
    assert closed(opened).equals(plain.rows)
    row, before = of(opened, TODAY), of(opened, YESTERDAY)
    assert set(row) == set(before) - {"dex_volume"}
    for column in set(row) - {"date", "canonical_id"}:
        assert row[column] == pytest.approx(before[column], rel=0.35), column
    # on the next day it is closed data, as if there had never been a snapshot
    later = AS_OF + timedelta(days=1)
    next_day = sandbox_run(as_of=later)
    assert next_day.exit is Exit.PUBLISHED, next_day.report.message
    assert next_day.report.output["new"]
    fresh = sandbox_run(as_of=later, cache="memory:", output=tmp_path / "fresh.parquet")
    assert next_day.rows.equals(fresh.rows)


def test_each_refresh_is_newer(sandbox_run):
    """A second publication of the same day is a new version; the same instant again is not."""
    few = {"assets": ["bitcoin", "aave"], "until": "now"}
    results = [sandbox_run(as_of=AS_OF + times * MINUTES, **few) for times in (0, 1, 1)]
    assert [one.exit for one in results] == [Exit.PUBLISHED] * 3
    assert [one.report.output["new"] for one in results] == [True, True, False]
    assert of(results[0], TODAY)["close"] != of(results[1], TODAY)["close"]


def test_a_snapshot_that_fails_costs_its_own_cells(sandbox_run):
    """Null today, told, exit 3; what is closed stays, and so do the others."""
    sandbox_run()
    result = sandbox_run(
        until="now", as_of=AS_OF + MINUTES, sandbox_faults=["public/coins/list=503"]
    )
    assert result.exit is Exit.DEGRADED
    assert "no snapshot of lunarcrush.social for the open day" in result.report.message
    assert "lc_sentiment" in of(result, YESTERDAY)
    row = of(result, TODAY)
    assert "close" in row
    assert not {"lc_sentiment", "lc_galaxy_score"} & set(row)


def test_without_a_price_there_is_no_open_day(sandbox_run):
    """It is then a run of closed days, and says so."""
    plain = sandbox_run()
    faults = ["coins/markets=503"]
    result = sandbox_run(until="now", as_of=AS_OF + MINUTES, sandbox_faults=faults)
    assert result.exit is Exit.DEGRADED
    assert "no price of today came" in result.report.message
    assert result.report.open_day["day"] is None
    assert result.rows.equals(plain.rows)


def test_a_budget_that_ends_before_the_snapshots_is_one(sandbox_run, tmp_path):
    """Nothing is published without the day that was wanted; the next run has all but that."""
    few = {"assets": ["bitcoin"], "datasets": ["coingecko.market"], "providers": ["coingecko"]}
    series = calls(sandbox_run(**few, cache="memory:", output=tmp_path / "closed.parquet"))
    wanted = {**few, "until": "now", "max_calls": {"all": series}}
    wish = Options(cache="memory:", output=tmp_path / "x", sandbox=True, as_of=AS_OF, **wanted)
    told = forecast(wish, load(), {})
    assert "no calls are left for the open day" in told.trouble
    first = sandbox_run(**wanted)
    assert first.exit is Exit.BUDGET, first.report.message
    assert "the open day of coingecko.market are left" in first.report.message
    assert not (tmp_path / "data.parquet").exists()
    assert sandbox_run(**wanted).exit is Exit.PUBLISHED


def test_it_is_made_again_and_explained(sandbox_run, tmp_path):
    """The record of the run keeps what the snapshots said: nobody else does."""
    environment = {}
    result = sandbox_run(until="now", assets=["bitcoin", "ethereum"])
    registry = load()
    lake = open_lake(str(tmp_path / "lake"), registry, environment, CacheSettings())
    sandbox_run(until="now", assets=["bitcoin", "ethereum"], as_of=AS_OF + MINUTES)
    report = {**result.report.output, "candidate": None}
    told = {"run_id": result.report.run_id, "output": report, "status": "published"}
    assert replay(lake, registry, told).outcome == "equal"
    file = read_file(open_place(str(tmp_path / "data.parquet"), registry.stores, environment))
    found = explain(file, lake, registry, "bitcoin", "volume", None)
    assert (found.day, found.open_day, found.equal) == (TODAY, True, True)
    assert sum(part.value for part in found.cell.members if part.entered) == pytest.approx(
        found.published
    )
    absent = explain(file, lake, registry, "bitcoin", "dex_volume", TODAY)
    assert (absent.published, absent.equal) == (None, True)
    assert not explain(file, lake, registry, "bitcoin", "volume", YESTERDAY).open_day


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"offline": True, "sandbox": True}, "--offline asks nobody"),
        ({"as_of": AS_OF}, "leave out --as-of"),
    ],
)
def test_the_open_day_is_of_the_present(options, fault):
    """There is no snapshot of another moment."""
    wished = Options(cache="memory:", output="x.parquet", until="now", **options)
    with pytest.raises(ConfigError, match=fault):
        wished.check(AS_OF + MINUTES)
