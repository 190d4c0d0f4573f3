"""`--since` crops a run; it does not change it: each value is that of the whole history."""

from __future__ import annotations

import json
from datetime import date, timedelta

import polars as pl
import pytest

from datalake.cache import AssetCache, SeriesKey
from datalake.explaining.explain import explain
from datalake.explaining.published import read_file
from datalake.models import Window
from datalake.plugins import load
from datalake.publish.place import LocalPlace
from datalake.running.records.replay import replay
from datalake.stores import open_store

from .conftest import AS_OF

LAST = date(2026, 3, 14)
DAYS = [LAST - timedelta(days=n) for n in reversed(range(40))]
#: What becomes of a wrapped coin: it loses its peg, then its price, and has volume all the time;
#: native has days without a price, on which a sound variant would stand in.
LOST = [100.0] * 5 + [50.0] * 4 + [None] * 31
GAPS = [None if n in (12, 20, 21, 33) else 100.0 for n in range(40)]
#: It strays for two days, of which each window begins with another one, and comes back.
BRIEF = [100.0] * 30 + [50.0, 50.0] + [100.0, None, None] + [50.0] * 3 + [None, 100.0]
MAPPING = """
version: 1
guard: {tolerance: 0.1, days: 3}
columns:
  close: {source: coingecko.market.price, from: native, else: largest-volume}
  volume: {source: coingecko.market.volume, sum: members}
  market_cap: {source: coingecko.market.market_cap, max: members}
assets:
  ethereum: {wrapped: [weth], bridged: [arbitrum-bridged-weth-arbitrum-one]}
"""
SERIES = {
    "ethereum": (GAPS, 1000.0),
    "weth": (LOST, 50.0),
    "arbitrum-bridged-weth-arbitrum-one": (BRIEF, 20.0),
    "tron": ([1.0] * 10 + [None] * 25 + [1.0] * 5, 5.0),
}


@pytest.fixture
def lake(sandbox_run, tmp_path):
    """A lake with these series and an archived universe, and the mapping that goes with them."""
    mapping = tmp_path / "mine.yaml"
    mapping.write_text(MAPPING)
    sandbox_run(assets=["ethereum", "tron"], providers=["coingecko"])
    store = open_store(str(tmp_path / "lake"), {})
    market = load().provider("coingecko").dataset("market")
    for asset, (prices, volume) in SERIES.items():
        key = SeriesKey("coingecko", "market", asset)
        store.delete(key.path)
        rows = pl.DataFrame(
            {
                "date": DAYS,
                "price": prices,
                "market_cap": [float(n) for n in range(len(DAYS))],
                "volume": [volume] * len(DAYS),
            },
            schema_overrides={"price": pl.Float64},
        )
        cache = AssetCache(store, clock=lambda: AS_OF)
        table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
        cache.put(key, market, asset, table, Window(DAYS[0], LAST + timedelta(days=1)))
    return {"assets": ["ethereum", "tron"], "providers": ["coingecko"], "mapping": mapping}


def test_a_window_is_the_whole_cropped(sandbox_run, lake, tmp_path):
    """Wherever it begins: in a stretch, after one, in a gap; the guard's memory and first days."""
    whole = sandbox_run(**lake, since=None, offline=True).rows
    assert whole.filter(pl.col("close").is_null()).height > 20
    for place in (6, 8, 10, 12, 20, 31, 33, 37, 38):
        since = DAYS[place]
        output = tmp_path / f"{place}.parquet"
        rows = sandbox_run(**lake, since=since, offline=True, output=output).rows
        assert rows.equals(whole.filter(pl.col("date") >= since)), since


def test_such_a_run_is_explained_and_made_again(sandbox_run, lake, tmp_path):
    """Its record has the days that decided, though they are not put out."""
    output = tmp_path / "windows.parquet"
    result = sandbox_run(**lake, since=DAYS[33], output=output)
    store = open_store(str(tmp_path / "lake"), {})
    file = read_file(LocalPlace(output))
    found = explain(file, store, load(), "ethereum", "volume", DAYS[33])
    assert found.equal
    assert found.published == 1020.0
    assert replay(store, load(), json.loads(result.report.json())).outcome == "equal"
