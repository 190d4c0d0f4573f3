"""`python -m benchmarks.notebook`: from nothing to the first rows of one asset of a large lake."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np

from datalake import GCSCachingManager
from datalake.cache import SeriesKey
from datalake.stores import ABSENT, Store, open_store
from datalake.stores.local import LocalStore

from .__main__ import row
from .measure import cost, median
from .sharing import bucket

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
ASSET = "asset-000"
PATH = SeriesKey("coingecko", "market", ASSET).path

OURS = """
import datalake
rows = datalake.open({url!r}).series("coingecko.market", {asset!r})
assert rows.num_rows == {days}
"""
FOLDER = {
    "pyarrow's read_table": """
import pyarrow.parquet as pq
rows = pq.read_table({url!r} + "/" + {path!r}, partitioning=None)
assert rows.num_rows == {days}
""",
    "pyarrow's ParquetFile": """
import pyarrow.parquet as pq
rows = pq.ParquetFile({url!r} + "/" + {path!r}).read()
assert rows.num_rows == {days}
""",
    "DuckDB": """
import duckdb
rows = duckdb.sql("FROM read_parquet('" + {url!r} + "/" + {path!r} + "')").to_arrow_table()
assert rows.num_rows == {days}
""",
}
BUCKET = {
    "Google's client and ParquetFile": """
import io
import os
import pyarrow.parquet as pq
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
client = storage.Client(
    project="p",
    credentials=AnonymousCredentials(),
    client_options={{"api_endpoint": os.environ["STORAGE_EMULATOR_HOST"]}},
)
data = client.bucket("lake").blob({path!r}).download_as_bytes()
rows = pq.ParquetFile(io.BytesIO(data)).read()
assert rows.num_rows == {days}
""",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.notebook", description=__doc__)
    parser.add_argument("--assets", type=int, default=200, help="assets in the lake [200]")
    parser.add_argument("--days", type=int, default=2500, help="days of each [2500]")
    parser.add_argument("--rounds", type=int, default=15, help="turns of each program [15]")
    given = parser.parse_args()
    print("| what to what | base | measured | ratio |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name, bucket():
        here = Path(name, "lake")
        fill(LocalStore(here), given.assets, given.days)
        copy(LocalStore(here), open_store("gs://lake", {}))
        compare("folder", str(here), FOLDER, given.days, given.rounds)
        compare("bucket", "gs://lake", BUCKET, given.days, given.rounds)


def fill(store: Store, assets: int, days: int) -> None:
    """Series like those of a long run; ASSET is one of them."""
    manager = GCSCachingManager(store=store, clock=lambda: NOW)
    random = np.random.default_rng(7)
    since = NOW.date() - timedelta(days=days)
    dates: list[date] = [since + timedelta(days=at) for at in range(days)]
    for number in range(assets):
        walk = np.exp(random.normal(0, 0.03, (3, days)).cumsum(axis=1))
        values = dict(zip(("price", "market_cap", "volume"), walk * 1e6, strict=True))
        asset = f"asset-{number:03}"
        manager.put("coingecko", "market", asset, {"date": dates, **values}, since=since)


def copy(one: Store, other: Store) -> None:
    """All objects, with what is said of them."""
    for entry in one.list("series/"):
        stored = one.get(entry.key)
        assert stored is not None
        other.put(entry.key, stored.data, stored.metadata, if_generation=ABSENT)


def compare(kind: str, url: str, others: Mapping[str, str], days: int, rounds: int) -> None:
    """All programs by turns, each in a process of its own, from its start to its end."""
    facts = {"url": url, "asset": ASSET, "path": PATH, "days": days}
    programs = {"": OURS, **others}
    commands = {name: command(text.format(**facts)) for name, text in programs.items()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for one in commands.values():
            cost(one, folder)  # compiles the bytecode
        turns = [{name: cost(one, folder) for name, one in commands.items()} for _ in range(rounds)]
    costs = {name: median([turn[name] for turn in turns]) for name in commands}
    ours = costs.pop("")
    for name, base in costs.items():
        what = f"{kind}: one asset by datalake to {name}"
        row(f"{what}: time", "ms", base.seconds * 1e3, ours.seconds * 1e3)
        row(f"{what}: processors", "ms", base.busy * 1e3, ours.busy * 1e3)


def command(program: str) -> Sequence[str]:
    return [sys.executable, "-c", program]


if __name__ == "__main__":
    main()
