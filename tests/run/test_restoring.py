"""What a run was made of is recorded, and is there again when the lake has moved on."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import polars as pl
import pyarrow.parquet as pq
import pytest

from datalake.errors import ConfigError
from datalake.exits import Exit
from datalake.lake import open_lake
from datalake.lake.inventory import take
from datalake.lake.portable import bring_in, carried, export
from datalake.plugins import load
from datalake.publish.layout import encode_assets, encode_data
from datalake.running.folding.recipe import candidate, fold
from datalake.running.records.inputs import INPUTS, MAPPINGS, learnt_through, read, read_texts
from datalake.running.records.replay import replay
from datalake.running.records.restoring import restore
from datalake.running.reporting import kept
from datalake.settings import CacheSettings
from datalake.stores import open_store

from .conftest import AS_OF

DAY = timedelta(days=1)
OWN = "version: 1\nassets:\n  bitcoin:\n    wrapped: [wrapped-bitcoin]\n"


@pytest.fixture
def lake(tmp_path):
    return open_store(str(tmp_path / "lake"), {})


def again(run_id, lake):
    """The data and assets files once more, from the lake alone."""
    record = read(lake, run_id)
    restored = restore(record, lake, load())
    assert restored.lost == []
    mapping = read_texts(lake, record).parse({})
    rows = fold(record.recipe, restored.series, mapping).rows
    learnt = learnt_through(record.series)
    whole = candidate(record.recipe, rows, record.universe, mapping, load(), learnt)
    return encode_data(whole), encode_assets(whole)


def test_a_first_run_is_made_again(sandbox_run, tmp_path, lake):
    """Byte for byte, where all was fetched."""
    result = sandbox_run()
    files = [(tmp_path / name).read_bytes() for name in ("data.parquet", "data.assets.parquet")]
    assert list(again(result.report.run_id, lake)) == files
    record = read(lake, result.report.run_id)
    assert {one.how for one in record.series} == {"fetched"}
    assert record.versions["datalake"] == result.report.versions["datalake"]
    for one in record.series:
        assert one.sha256 == hashlib.sha256(lake.get(one.key.path).data).hexdigest()


def test_runs_are_made_again_when_the_lake_has_moved_on(sandbox_run, lake, tmp_path):
    """A later day, a revision, another window, a mapping of one's own, series that failed."""
    own = tmp_path / "own.yaml"
    own.write_text(OWN)
    later = AS_OF + timedelta(days=1)
    results = [
        sandbox_run(),
        sandbox_run(
            mapping=own, since=AS_OF.date() - timedelta(days=9), until=AS_OF.date() - 3 * DAY
        ),
        sandbox_run(as_of=later, sandbox_faults=["lunarcrush=503"], columns="extended"),
        sandbox_run(as_of=later, assets=["bitcoin"]),
        sandbox_run(as_of=later + DAY, refresh=["all"]),
    ]
    own.unlink()
    assert Exit.DEGRADED in {one.exit for one in results}
    for one in results:
        data, _ = again(one.report.run_id, lake)
        assert hashlib.sha256(data).hexdigest() == one.report.output["sha256"]


def test_a_lake_that_was_carried_elsewhere_makes_its_runs_again(sandbox_run, lake, tmp_path):
    """An export of all of it takes reports, records and mappings along; one of some series not."""
    own = tmp_path / "own.yaml"
    own.write_text(OWN)
    result = sandbox_run(assets=["bitcoin", "ethereum"], mapping=own)
    kinds = {}
    for name, patterns in (("all", ()), ("some", ("*/bitcoin",))):
        with (tmp_path / f"{name}.tar").open("wb") as file:
            export(lake, carried(lake, patterns), file)
        there = open_store(str(tmp_path / name), {})
        outcomes = {one.outcome for one in bring_in(there, load(), tmp_path / f"{name}.tar")}
        assert outcomes <= {"added", "same"}
        kinds[name] = {item.kind for item in take(there)}
    assert kinds["all"] - kinds["some"] == {"report", "record", "mapping"}
    there = open_store(str(tmp_path / "all"), {})
    assert replay(there, load(), kept.read(there, result.report.run_id)).outcome == "equal"


def test_what_is_gone_is_named(sandbox_run, lake, tmp_path):
    """Pruned, damaged, of another name: each series with its reason, and the rest is there."""
    run_id = sandbox_run(assets=["bitcoin", "ethereum"]).report.run_id
    record = read(lake, run_id)
    keys = {one.name: one.key.path for one in record.series}
    lake.delete(keys["coingecko.market/bitcoin"])
    damaged = lake.get(keys["coingecko.market/ethereum"])
    lake.put(
        keys["coingecko.market/ethereum"],
        damaged.data[:-1] + b"?",
        damaged.metadata,
        if_generation=damaged.generation,
    )
    restored = restore(record, lake, load())
    lost = {one.name: one.reason for one in restored.lost}
    assert lost.keys() == {"coingecko.market/bitcoin", "coingecko.market/ethereum"}
    assert lost["coingecko.market/bitcoin"] == "not in the cache"
    assert "sha256 does not hold" in lost["coingecko.market/ethereum"]
    assert len(restored.series) == len(record.series) - 2
    without = restore(record, lake, load(["coingecko"]), assets=["bitcoin"])
    assert {one.reason for one in without.lost} == {
        "not in the cache",
        "no installed plugin offers it",
    }
    sandbox_run(assets=["bitcoin", "ethereum"], as_of=AS_OF + DAY)
    lost = {one.name: one.reason for one in restore(record, lake, load()).lost}
    assert "nothing of it was known at 2026-03-15 10:30Z" in lost["coingecko.market/bitcoin"]


def test_records_and_texts_that_are_gone(sandbox_run, lake):
    """A sentence that says what is missing, for the record and for the mapping."""
    run_id = sandbox_run(assets=["bitcoin"]).report.run_id
    record = read(lake, run_id)
    (text,) = [entry.key for entry in lake.list(MAPPINGS)]
    lake.delete(text)
    with pytest.raises(ConfigError, match=r"mappings/v1/[0-9a-f]{64}.yaml, by .* is gone"):
        read_texts(lake, record)
    key = f"{INPUTS}{run_id}.parquet"
    stored = lake.get(key)
    lake.put(key, stored.data + b"x", stored.metadata, if_generation=stored.generation)
    with pytest.raises(ConfigError, match="is damaged"):
        read(lake, run_id)
    lake.delete(key)
    with pytest.raises(ConfigError, match="no record of what run"):
        read(lake, run_id)


def test_a_record_is_small_plain_parquet(sandbox_run, lake, tmp_path):
    """One object per run, for anybody's DuckDB; the mapping's text once for all runs."""
    result = sandbox_run(top=50)
    sandbox_run(top=50)
    names = [entry.key for entry in lake.list(INPUTS)]
    assert len(names) == 2
    assert len(list(lake.list(MAPPINGS))) == 1
    path = tmp_path / "lake" / INPUTS / f"{result.report.run_id}.parquet"
    series = pl.read_parquet(path)
    assert path.stat().st_size < 300 * series.height + 20_000
    assert "coingecko" in series["provider"].unique()
    keys = pq.ParquetFile(path).metadata.metadata
    assert b"datalake.inputs" in keys


def test_offline_as_of_sees_what_was_known_then(sandbox_run, tmp_path):
    """A value that was revised since shows as it was; one that was not known shows not at all."""
    sandbox_run(assets=["bitcoin"])
    before = pl.read_parquet(tmp_path / "data.parquet")
    key = tmp_path / "lake/series/v1/provider=coingecko/dataset=market/asset=bitcoin"
    first = hashlib.sha256((key / "series.parquet").read_bytes()).hexdigest()
    revised(tmp_path)
    assert hashlib.sha256((key / "series.parquet").read_bytes()).hexdigest() != first
    options = {"assets": ["bitcoin"], "offline": True, "output": tmp_path / "past.parquet"}
    sandbox_run(**options)
    assert pl.read_parquet(tmp_path / "past.parquet").equals(before)
    now = AS_OF + timedelta(hours=2)
    sandbox_run(**{**options, "as_of": now, "output": tmp_path / "now.parquet"})
    rows = pl.read_parquet(tmp_path / "now.parquet")
    changed = rows.filter(pl.col("date").dt.date() == AS_OF.date() - 9 * DAY)
    assert changed["close"].to_list() == [12_345.0]
    early = sandbox_run(**{**options, "as_of": AS_OF - timedelta(hours=1)})
    assert early.exit is Exit.FAILED


def revised(tmp_path):
    """An hour later the provider says something else of one day."""
    from datalake.cache import AssetCache, SeriesKey
    from datalake.models import Window

    later = AS_OF + timedelta(hours=1)
    cache = AssetCache(open_store(str(tmp_path / "lake"), {}), clock=lambda: later)
    market = load(["coingecko"]).providers["coingecko"].dataset("market")
    day = AS_OF.date() - 9 * DAY
    rows = {"date": [day], "price": [12_345.0], "market_cap": [1e12], "volume": [1e10]}
    cache.put(
        SeriesKey("coingecko", "market", "bitcoin"), market, "bitcoin", rows, Window(day, day + DAY)
    )


def test_it_is_there_again_from_a_bucket(sandbox_run, gcs_env, tmp_path):
    """Record, texts and rows of a run whose cache is a bucket, read with a mirror that is cold."""
    result = sandbox_run(gcs_env, cache="gs://lake", assets=["bitcoin"])
    sandbox_run(gcs_env, cache="gs://lake", assets=["bitcoin"], as_of=AS_OF + DAY)
    mirrored = CacheSettings(mirror=tmp_path / "cold")
    lake = open_lake("gs://lake", load(), gcs_env, mirrored)
    data, _ = again(result.report.run_id, lake)
    assert hashlib.sha256(data).hexdigest() == result.report.output["sha256"]
