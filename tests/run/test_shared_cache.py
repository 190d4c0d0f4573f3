"""One bucket, many pipelines, nothing fetched twice: shown with whole runs over real HTTP."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from datalake.exits import Exit
from datalake.settings import CacheSettings

from .conftest import AS_OF

MARKET = "series/v1/provider=coingecko/dataset=market/asset="


@pytest.fixture
def shared_run(sandbox_run, gcs_env, tmp_path):
    """A run over the bucket; `here` is the machine: its mirror and its output."""

    def make(here="here", environment=gcs_env, **given):
        options = {
            "cache": "gs://lake/shared",
            "output": tmp_path / here / "data.parquet",
            "mirror": CacheSettings(tmp_path / here / "mirror"),
            **given,
        }
        return sandbox_run(environment, **options)

    return make


def calls(result):
    return {name: one["calls"] for name, one in result.report.providers.items()}


def lists_only(result):
    """No call but for the lists: one of CoinGecko, three of DefiLlama, one of LunarCrush."""
    return calls(result) == {"coingecko": 1, "defillama": 3, "lunarcrush": 1}


def series_written(gcs):
    writes = [one for one in gcs.requests if one.operation == "insert" and one.status == 200]
    return sorted(
        one.name.removeprefix("shared/") for one in writes if one.name.startswith("shared/series/")
    )


def test_another_machine_reuses_everything(shared_run, gcs, tmp_path):
    """A first run fills the bucket; one elsewhere makes the same file without a series call."""
    first = shared_run("here")
    assert first.exit is Exit.PUBLISHED, first.report.message
    written = series_written(gcs)
    assert len(written) == len(set(written)) > 40
    gcs.requests.clear()
    second = shared_run("there")
    assert lists_only(second)
    assert series_written(gcs) == []
    files = [(tmp_path / here / "data.parquet").read_bytes() for here in ("here", "there")]
    assert files[0] == files[1]


def test_a_repeated_run_downloads_nothing(shared_run, gcs):
    """The machine that wrote has its own copy; the bucket is listed, and the report goes in.

    Of what the first run left only its record is read, by which nothing need be folded.
    """
    shared_run()
    gcs.requests.clear()
    shared_run()
    about_series = [
        one for one in gcs.requests if "series/v1" in one.name + one.query.get("prefix", "")
    ]
    assert [one.operation for one in about_series] == ["list"]
    media = [one.name for one in gcs.requests if one.operation == "media"]
    others = {name for name in media if not name.startswith("shared/inputs/")}
    assert others <= {"shared/lake.json"}


def test_another_universe_and_window_fetch_only_what_is_missing(shared_run, gcs):
    """A research pipeline on two known assets and a new one, with a longer past."""
    shared_run("dashboard", assets=["bitcoin", "dogecoin"])
    known = {name: one.generation for name, one in gcs.objects("lake").items()}
    gcs.requests.clear()
    since = date(2026, 1, 1)
    result = shared_run("research", assets=["dogecoin", "ripple"], since=since)
    assert result.exit is Exit.PUBLISHED, result.report.message
    rows = pl.read_parquet(result.report.output["path"])
    assert set(rows["canonical_id"]) == {"dogecoin", "ripple"}
    assert rows["date"].min().date() == since
    untouched = [name for name in known if "asset=bitcoin" in name]
    now = gcs.objects("lake")
    assert all(now[name].generation == known[name] for name in untouched)
    # the dashboard's days of dogecoin are still there, and its next run asks for none
    assert lists_only(shared_run("dashboard", assets=["bitcoin", "dogecoin"]))


def test_the_next_day_fetches_tails_and_two_new_series(shared_run, gcs, tmp_path):
    """One closed day and the overlap of each series; whole series of the assets that are new."""
    ids = ["dogecoin", "ripple", "stellar", "cardano"]
    first = shared_run(
        assets=ids[:3], providers=["coingecko"], datasets=["coingecko.market"], since=None
    )
    gcs.requests.clear()
    later = AS_OF + timedelta(days=1)
    second = shared_run(
        assets=ids[1:],
        providers=["coingecko"],
        datasets=["coingecko.market"],
        since=None,
        as_of=later,
        force_publish="another universe on purpose",
    )
    assert second.exit is Exit.PUBLISHED, second.report.message
    tails, whole = (one.report.providers["coingecko"]["bytes"] for one in (second, first))
    # three whole series at first; then a whole one and two tails
    assert tails < whole * 0.5
    rows = pl.read_parquet(tmp_path / "here" / "data.parquet")
    last = rows.group_by("canonical_id").agg(pl.col("date").max())
    assert {day.date() for day in last["date"]} == {later.date() - timedelta(days=1)}
    assert second.report.providers["coingecko"]["revisions"] == 0
    only_tails = shared_run(
        assets=ids[1:],
        providers=["coingecko"],
        datasets=["coingecko.market"],
        since=None,
        as_of=later + timedelta(days=1),
    )
    one_day = only_tails.report.providers["coingecko"]["bytes"]
    assert one_day < whole * 0.05


def test_a_revision_refetches_that_series_alone(shared_run, gcs, gcs_env):
    """The overlap says something else than the cache: the series comes whole, the old is kept."""
    from datalake.cache import AssetCache, SeriesKey
    from datalake.models import Window
    from datalake.plugins import load
    from datalake.stores import open_store

    given = {"assets": ["dogecoin", "ripple"], "providers": ["coingecko"]}
    shared_run(**given, datasets=["coingecko.market"])
    market = load(["coingecko"]).providers["coingecko"].dataset("market")
    cache = AssetCache(
        open_store("gs://lake/shared", {}, gcs_env), clock=lambda: AS_OF + timedelta(hours=1)
    )
    key = SeriesKey("coingecko", "market", "ripple")
    rows = cache.read(key, market).slice(40).to_pydict()
    rows["price"] = [price * 1.5 for price in rows["price"]]
    days = Window(rows["date"][0], date(2026, 3, 15))
    cache.put(key, market, "ripple", rows, days)
    result = shared_run(**given, datasets=["coingecko.market"], as_of=AS_OF + timedelta(days=1))
    assert result.report.providers["coingecko"]["revisions"] == len(rows["price"])
    kept = [name for name in gcs.objects("lake") if "revisions/" in name]
    assert len(kept) == 2  # ours above, and that of the run
    assert all("asset=ripple" in name for name in kept)


def test_a_refresh_by_name(shared_run):
    """One provider or dataset is fetched anew; the others come from the cache."""
    first = shared_run(assets=["dogecoin", "ripple"])
    names = {
        "lunarcrush": {"lunarcrush"},
        "coingecko.market": {"coingecko"},
        "all": set(calls(first)),
    }
    for name, refreshed in names.items():
        result = shared_run(assets=["dogecoin", "ripple"], refresh=[name])
        assert result.exit is Exit.PUBLISHED
        asked = {
            provider
            for provider, count in calls(result).items()
            if count > {"coingecko": 1, "defillama": 3, "lunarcrush": 1}[provider]
        }
        assert asked == refreshed - (set() if calls(first)["defillama"] > 3 else {"defillama"})


def test_a_bucket_that_may_only_be_read(shared_run, gcs, caplog, tmp_path):
    """Reuse without writing back, said once; what is missing is fetched and published anyway."""
    shared_run(assets=["dogecoin"])
    before = {name: one.generation for name, one in gcs.objects("lake").items()}
    gcs.requests.clear()
    gcs.fault("status:403", operation="insert", times=0)
    caplog.clear()
    result = shared_run("reader", assets=["dogecoin", "ripple"])
    assert result.exit is Exit.PUBLISHED, result.report.message
    assert result.report.cache["read_only"] is True
    assert set(pl.read_parquet(tmp_path / "reader" / "data.parquet")["canonical_id"]) == {
        "dogecoin",
        "ripple",
    }
    assert {name: one.generation for name, one in gcs.objects("lake").items()} == before
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "nothing is written back" in warnings[0]
    assert [one.operation for one in gcs.requests].count("insert") == 1


def test_neither_keys_nor_pickles_reach_the_bucket(sandbox_run, gcs, gcs_env, tmp_path):
    """Canary keys in every form, in no object, metadata or request to the bucket."""
    keys = {
        "COINGECKO_PRO_API_KEY": "CG-canary/key+1=",
        "LUNARCRUSH_API_KEY": "canary-lc-4711",
        "DEFILLAMA_API_KEY": "canary-dl-0815",
    }
    sandbox_run(
        {**gcs_env, **keys},
        cache="gs://lake",
        mirror=CacheSettings(tmp_path / "mirror"),
        assets=["dogecoin"],
    )
    from datalake.secrets import Secret

    forms = {form for name, value in keys.items() for form in Secret(value, name).forms()}
    seen = [one.data for one in gcs.objects("lake").values()]
    seen += [json.dumps(dict(one.metadata)).encode() for one in gcs.objects("lake").values()]
    seen += [f"{one.path}{one.headers}".encode() + one.body for one in gcs.requests]
    seen += [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(seen) > 10
    for content in seen:
        assert not any(form.encode() in content for form in forms)
        assert not content.startswith(b"\x80")
    assert {name.split("/")[0] for name in gcs.objects("lake")} == {
        "inputs",
        "lake.json",
        "mappings",
        "requests",
        "runs",
        "series",
        "universe",
    }


def test_a_series_that_cannot_be_read_costs_only_itself(shared_run, gcs):
    """Damage in the bucket is a miss; an object that may not be read is that series' failure."""
    shared_run(assets=["dogecoin", "ripple"], datasets=["coingecko.market"])
    name = next(n for n in gcs.objects("lake") if "asset=ripple" in n and "market" in n)
    gcs.poke("lake", name, b"PAR1 nonsense", {"sha256": "0" * 64})
    result = shared_run("there", assets=["dogecoin", "ripple"], datasets=["coingecko.market"])
    assert result.exit is Exit.PUBLISHED, result.report.message
    assert len(gcs.peek("lake", name)) > 1000
    gcs.fault("status:403", operation="media", name=name, times=0)
    degraded = shared_run("elsewhere", assets=["dogecoin", "ripple"], datasets=["coingecko.market"])
    assert degraded.exit is Exit.DEGRADED
    (failed,) = degraded.report.providers["coingecko"]["failed"]
    assert failed["asset"] == "ripple"
    assert Path(degraded.report.output["path"]).exists()


def test_a_free_plan_takes_nothing_from_a_paid_one(shared_run, gcs, gcs_env):
    """Candles by both plans in one bucket, in turns: each keeps its own, no month of folded ones
    in the place of years. Prices are the same by both: one series, which keeps its long past."""
    keys = {
        "paid": {"COINGECKO_PRO_API_KEY": "CG-test"},
        "free": {"COINGECKO_DEMO_API_KEY": "CG-demo-test"},
    }

    def with_key(plan):
        return shared_run(
            plan,
            {**gcs_env, **keys[plan]},
            assets=["ripple"],
            providers=["coingecko"],
            datasets=["coingecko.market", "coingecko.ohlc"],
            since=None,
        )

    with_key("paid")
    first = gcs.objects("lake")
    candles = next(name for name in first if "dataset=ohlc/" in name)
    assert int(first[candles].metadata["rows"]) > 1000
    assert calls(with_key("free"))["coingecko"] == 2  # the list, and candles of its own
    second = gcs.objects("lake")
    assert {name for name in second if name.startswith("shared/series/")} == {
        *(name for name in first if name.startswith("shared/series/")),
        candles.replace("dataset=ohlc/", "dataset=ohlc_4h/"),
    }
    assert all(
        second[name].data == first[name].data for name in first if name.startswith("shared/series/")
    )
    assert [calls(with_key(plan))["coingecko"] for plan in ("paid", "free")] == [1, 1]
