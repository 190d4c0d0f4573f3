"""What the dashboard shows in tests: a file made by hand, and one that real runs published."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attrs import frozen

from datalake.dashboard.view import View
from datalake.plugins import Registry, load
from datalake.publish.place import LocalPlace
from datalake.running.options import Options
from datalake.running.pipeline import run
from datalake.stores import open_store

LAST = date(2026, 3, 14)
NOTE = {"unit": "US dollars", "source": "coingecko.market.price", "last_closed": LAST.isoformat()}
FACTS = {
    "file": "user_facing_data",
    "schema_version": 1,
    "synthetic": True,
    "as_of": "2026-03-15T10:30:00Z",
    "last_day": LAST.isoformat(),
    "open_day": None,
    "mapping_sha256": "0" * 64,
    "columns": {"close": NOTE, "volume": {**NOTE, "source": "coingecko.market.volume"}},
}


def write(path: Path, rows: pl.DataFrame, facts: dict | None = FACTS) -> Path:
    """A parquet file of these rows (`date` is a day) that says these things of itself."""
    table = rows.with_columns(pl.col("date").cast(pl.Datetime("us", "UTC"))).to_arrow(
        compat_level=pl.CompatLevel.oldest()
    )
    told = {f"datalake.{name}": json.dumps(value) for name, value in (facts or {}).items()}
    pq.write_table(table.replace_schema_metadata(told or None), path)
    return path


def rows_of(**assets: dict[str, list[float | None]]) -> pl.DataFrame:
    """Rows of assets whose columns end on the last day."""
    parts = []
    for asset, columns in assets.items():
        height = len(next(iter(columns.values())))
        days = [LAST - timedelta(days=height - 1 - number) for number in range(height)]
        frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Float64))
        keys = pl.Series("date", days), pl.lit(asset).alias("canonical_id")
        parts.append(frame.select(*keys, *columns))
    return pl.concat(parts, how="diagonal").sort("canonical_id", "date")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page in place of the built one, which needs npm."""
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>datalake</title>", encoding="utf-8")
    (folder / "app.js").write_text("'use strict';", encoding="utf-8")
    return folder


def view_of(path: Path, cache: str | None = None, registry: Registry | None = None) -> View:
    """That of a local file; without a cache its report says where the lake is."""
    usual = str(path.with_name("no-lake"))
    return View(
        LocalPlace(path), cache, registry or load(), lambda url: open_store(url or usual, {})
    )


@frozen
class Published:
    """What two runs made: the output, and the lake's folder."""

    output: Path
    lake: Path


@pytest.fixture(scope="session")
def publish() -> Callable[..., Published]:
    """Make two small runs of two days in a row, in a folder."""

    def make(folder: Path, **given: object) -> Published:
        options = {
            "cache": str(folder / "lake"),
            "output": folder / "user_facing_data.parquet",
            "sandbox": True,
            "since": date(2026, 1, 1),
            "top": 6,
        }
        for day in (14, 15):
            as_of = datetime(2026, 3, day, 10, 30, tzinfo=timezone.utc)
            run(Options(**{**options, "as_of": as_of, **given}), load(), {})
        return Published(folder / "user_facing_data.parquet", folder / "lake")

    return make


@pytest.fixture(scope="session")
def published(publish, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Two days' publications of six assets, never to be changed."""
    return publish(tmp_path_factory.mktemp("published"))


def table(path: Path) -> pa.Table:
    """The rows as pyarrow reads them."""
    return pq.read_table(path)
