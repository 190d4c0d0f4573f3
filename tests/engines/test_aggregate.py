"""A whole lake folded by an engine of the user's choice: the same rows, whoever does the work."""

from __future__ import annotations

import json
import random
import shutil

import polars as pl
import pytest
from attrs import evolve
from click.testing import CliRunner

from datalake.cli.aggregate import command
from datalake.engines import plan_work
from datalake.engines import polars as by_polars
from datalake.errors import ConfigError
from datalake.stores import ABSENT, open_store
from datalake.stores.local import LocalStore
from datalake_aggregation import aggregate, load_mapping

from .conftest import MARKET, TVL, known_rows

COLUMNS = ["close", "volume", "market_cap", "chain_tvl"]


def expected():
    """The lake's rows as one long frame, folded by the aggregation alone."""
    names = {"price": "close", "tvl": "chain_tvl"}
    frames = {
        wanted: pl.concat(
            pl.DataFrame(rows).with_columns(asset=pl.lit(asset)).cast({pl.Null: pl.Float64})
            for (name, asset), rows in known_rows().items()
            if name == wanted
        ).rename(names, strict=False)
        for wanted in (MARKET, TVL)
    }
    both = frames[MARKET].join(frames[TVL], on=["date", "asset"], how="full", coalesce=True)
    return aggregate(both.select("date", "asset", *COLUMNS), load_mapping())


def run(lake, output, engine, *more):
    words = ["--cache", str(lake.root), "--engine", engine, "--output", str(output), *more]
    return CliRunner().invoke(command, words, catch_exceptions=False)


def read(folder):
    return pl.read_parquet(f"{folder}/*.parquet")


@pytest.mark.parametrize("engine", ["polars", "duckdb", "spark"])
def test_the_files_hold_the_fold_of_the_whole_lake(engine, lake, tmp_path, request):
    """Bit for bit, in order, with assets whose names a path has to spell, or takes for numbers."""
    if engine == "spark":
        request.getfixturevalue("spark")  # the session that the command finds
    assert run(lake, tmp_path / "out", engine).exit_code == 0
    found = read(tmp_path / "out")
    assert found.select("date", "canonical_id", *COLUMNS).equals(expected())
    assert {"1", "Odd_B"} <= set(found["canonical_id"])
    assert "wrapped-bitcoin" not in set(found["canonical_id"])
    assert found["dex_volume"].null_count() == found.height
    mark = json.loads((tmp_path / "out" / "_lake.json").read_text(encoding="utf-8"))
    assert mark == {"format": 1, "origin": "sandbox"}


def test_a_bucket_is_read_through_the_cache(lake, gcs, gcs_env, tmp_path, monkeypatch):
    """With its keys and its mirror, by Polars; the second time nothing but the lists is asked."""
    for name, value in {**gcs_env, "XDG_CACHE_HOME": str(tmp_path / "mirror")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    bucket = open_store("gs://lake/some", {}, gcs_env)
    for entry in lake.list():
        stored = lake.get(entry.key)
        bucket.put(entry.key, stored.data, stored.metadata, if_generation=ABSENT)
    words = ["--cache", "gs://lake/some", "--output"]
    CliRunner().invoke(command, [*words, "first"], catch_exceptions=False)
    assert read("first").select("date", "canonical_id", *COLUMNS).equals(expected())
    before = len(gcs.requests)
    CliRunner().invoke(command, [*words, "second"], catch_exceptions=False)
    assert read("second").equals(read("first"))
    downloads = [one.name for one in gcs.requests[before:] if one.operation == "media"]
    assert not [name for name in downloads if name.endswith("series.parquet")]


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_what_an_engine_cannot_read_is_one_sentence(engine, lake, tmp_path):
    """Here a damaged series; nothing of the output remains."""
    shutil.copytree(lake.root, tmp_path / "lake")
    series = next((tmp_path / "lake").glob("series/v1/*/*/asset=tbtc/series.parquet"))
    series.write_bytes(b"no parquet at all")
    with pytest.raises(ConfigError, match=r"cannot fold file://.*`datalake cache verify`") as told:
        run(LocalStore(tmp_path / "lake"), tmp_path / "out", engine)
    assert "\n" not in str(told.value)
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_a_day_that_a_series_has_twice_is_named(engine, lake, tmp_path):
    """It would be counted twice; days out of order are no harm."""
    shutil.copytree(lake.root, tmp_path / "lake")
    file = next((tmp_path / "lake").glob("series/v1/*/*/asset=tbtc/series.parquet"))
    rows = pl.read_parquet(file)
    rows.reverse().write_parquet(file)
    run(LocalStore(tmp_path / "lake"), tmp_path / "out", engine)
    assert read(tmp_path / "out").select("date", "canonical_id", *COLUMNS).equals(expected())
    pl.concat([rows, rows.slice(3, 1)]).write_parquet(file)
    says = f"{MARKET} of tbtc has more than one row for {rows['date'][3]}: `datalake cache"
    with pytest.raises(ConfigError, match=says):
        run(LocalStore(tmp_path / "lake"), tmp_path / "again", engine)


def test_the_size_of_batches_changes_nothing(lake, tmp_path, monkeypatch):
    """One canonical asset at a time gives the same rows as all at once."""
    monkeypatch.setattr(by_polars, "BATCH", 1)
    run(lake, tmp_path / "out", "polars")
    assert read(tmp_path / "out").select("date", "canonical_id", *COLUMNS).equals(expected())


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_parts_changes_nothing(seed, lake, tmp_path, monkeypatch):
    """Datasets and series in whatever order they are listed, some assets at a time."""
    chance = random.Random(seed)

    def shuffled(parts):
        return dict(chance.sample(list(parts.items()), len(parts)))

    work = plan_work(lake, load_mapping(), "standard")
    series = {name: shuffled(places) for name, places in shuffled(work.series).items()}
    monkeypatch.setattr(by_polars, "BATCH", 1 + 2 * seed)
    work = evolve(work, series=series, folders=shuffled(work.folders))
    by_polars.write(work, tmp_path)
    assert read(tmp_path).select("date", "canonical_id", *COLUMNS).equals(expected())


def test_the_stored_ids_are_plain_text(lake, tmp_path):
    """A dictionary in the stored schema would cost readers their pruning."""
    import pyarrow.parquet as pq

    run(lake, tmp_path / "out", "polars")
    schema = pq.read_schema(tmp_path / "out" / "part-00000.parquet")
    assert [str(kind) for kind in schema.types[:3]] == ["date32[day]", "large_string", "double"]


def test_what_is_there_is_left_alone(lake, tmp_path):
    """An output that exists is refused, and nothing of a refused one remains."""
    (tmp_path / "out").mkdir()
    with pytest.raises(ConfigError, match="exists already; remove it or name another folder"):
        run(lake, tmp_path / "out", "polars")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_lake_without_series_is_refused(tmp_path):
    """With the place that was looked at; one in memory no engine can read."""
    for cache, says in ((tmp_path / "none", "holds no series"), ("memory:", "holds no series")):
        with pytest.raises(ConfigError, match=says):
            CliRunner().invoke(
                command,
                ["--cache", str(cache), "--output", str(tmp_path / "out")],
                catch_exceptions=False,
            )
    assert not (tmp_path / "out").exists()
