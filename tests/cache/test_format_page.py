"""docs/reference/cache-format.md is enough for a pipeline that has nothing of ours."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date, datetime, timezone
from pathlib import Path

import duckdb
import pytest

from datalake.cache import AssetCache, Found, SeriesKey
from datalake.cache import checks as limits
from datalake.models import Window
from datalake.plugins import load
from datalake.stores import open_store

from .conftest import DATASET

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "cache-format.md").read_text(
    encoding="utf-8"
)
WRITER, READER = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
KEY = SeriesKey("coingecko", "market", "bitcoin")


@pytest.fixture
def market():
    return load(["coingecko"]).providers["coingecko"].dataset("market")


def run_script(gcs_env, tmp_path, *arguments):
    """The page's writer, in a process that could not import this library if it tried."""
    script = "import sys; sys.modules['datalake'] = None\n" + WRITER
    path = tmp_path / "writer.py"
    path.write_text(script, encoding="utf-8")
    environment = {**os.environ, **gcs_env}
    return subprocess.run(
        [sys.executable, path, *arguments], env=environment, capture_output=True, text=True
    )


def test_a_foreign_writer_is_reused(gcs, gcs_env, tmp_path, market):
    """A run finds its days and asks nobody; its own days are then joined to them."""
    done = run_script(gcs_env, tmp_path, "lake", "coingecko", "market", "bitcoin")
    assert done.returncode == 0, done.stderr
    clock = lambda: datetime.now(timezone.utc)  # noqa: E731  # as short as it can be
    cache = AssetCache(open_store("gs://lake", {}, gcs_env), clock=clock)
    days = Window(date(2026, 3, 1), date(2026, 3, 4))
    result = cache.get_or_fetch(KEY, market, "bitcoin", days, days, lambda window: 1 / 0)
    assert result.hit
    assert result.table["price"].to_pylist() == [61_000.5, 62_000.0, None]
    found = cache.find(KEY, market)
    assert isinstance(found, Found)
    assert found.coverage.known == days
    again = run_script(gcs_env, tmp_path, "lake", "coingecko", "market", "bitcoin")
    assert "PreconditionFailed" in again.stderr


def test_the_reader_of_the_page_runs(gcs, gcs_env, tmp_path, monkeypatch, capsys):
    """Both of its ends: nothing there, and what the writer left."""
    for name, value in gcs_env.items():
        monkeypatch.setenv(name, value)
    gcs.create_bucket("our-bucket")
    exec(READER, {})
    assert "not in the cache" in capsys.readouterr().out
    run_script(gcs_env, tmp_path, "our-bucket", "coingecko", "market", "bitcoin")
    names = {}
    exec(
        READER.replace(
            "since=date(2026, 3, 1))", "since=date(2026, 3, 1), until=date(2026, 3, 3))"
        ),
        names,
    )
    assert len(names["table"]) == 3


def test_what_we_write_is_what_the_page_says(new_lake, tmp_path):
    """Columns, facts in footer and metadata, sidecar: as in its tables."""
    import pyarrow.parquet as pq

    lake = new_lake(open_store(str(tmp_path), {}))
    lake.get("2026-03-01", "2026-03-08")
    path = tmp_path / "series/v1/provider=acme/dataset=market/asset=bitcoin/series.parquet"
    schema = pq.ParquetFile(path).schema_arrow
    assert schema.names == ["date", *DATASET.columns, "observed_at"]
    assert [str(schema.field(name).type) for name in ("date", "observed_at")] == [
        "date32[day]",
        "timestamp[us, tz=UTC]",
    ]
    facts = PAGE.split("| name | example | what |")[1]
    told = re.findall(r"^\| `([a-z_0-9]+)` \| ", facts.split("\n\n")[0], re.MULTILINE)
    footer = {name.decode()[9:] for name in schema.metadata if name.startswith(b"datalake.")}
    (sidecar,) = json.loads(path.with_name(".series.parquet.meta").read_text())
    assert set(told) - {"sha256"} == footer
    assert {*told, "sha256"} == set(sidecar["metadata"])
    assert set(sidecar) == {"sha256", "size", "stamp", "generation", "metadata"}


def test_the_limits_are_those_of_the_code():
    """Rows, columns and bytes."""
    text = " ".join(PAGE.split())
    told = f"{limits.MOST_ROWS:,} rows, {limits.MOST_COLUMNS} columns and {limits.MOST_BYTES >> 20}"
    assert told in text
    assert f"({limits.MOST_BYTES_UNPACKED >> 20} MiB unpacked)" in text


def test_the_query_of_the_page_runs(tmp_path, monkeypatch, market):
    """DuckDB reads a dataset of a lake as it lies, by one glob."""
    monkeypatch.chdir(tmp_path)
    cache = AssetCache(
        open_store("lake", {}), clock=lambda: datetime(2026, 3, 15, tzinfo=timezone.utc)
    )
    day = date(2026, 3, 1)
    rows = {"date": [day], "price": [1.0], "market_cap": [2.0], "volume": [3.0]}
    for asset in ("bitcoin", "usd/coin"):
        key = SeriesKey("coingecko", "market", asset)
        cache.put(key, market, asset, rows, Window(day, date(2026, 3, 2)))
    (query,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert sorted(duckdb.sql(query).fetchall()) == [("bitcoin", day, 1.0), ("usd/coin", day, 1.0)]
