"""A small lake on disk, as runs would leave it: variants, gaps, a collapse, an odd name."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta, timezone

import polars as pl
import pytest

from datalake.cache import AssetCache, SeriesKey
from datalake.lake.origin import SANDBOX, claim
from datalake.models import Window
from datalake.plugins import load
from datalake.stores.local import LocalStore

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
START = date(2025, 12, 20)
MARKET, TVL = "coingecko.market", "defillama.chain_tvl"
ASSETS = ("bitcoin", "wrapped-bitcoin", "tbtc", "binance-bitcoin", "ethereum", "weth", "1", "Odd_B")


def known_rows():
    """Rows of each series by dataset and asset."""
    rng = random.Random(7)
    lake = {}
    for asset in ASSETS:
        days = [START + timedelta(days=n) for n in range(60) if rng.random() < 0.95]
        sound = [1.0 if asset != "tbtc" or n < 20 else 0.5 for n in range(len(days))]
        lake[MARKET, asset] = {
            "date": days,
            "price": [100 * one * (1 + rng.gauss(0, 0.01)) for one in sound],
            "market_cap": [rng.choice([None, rng.random() * 1e12]) for _ in days],
            "volume": [rng.random() * 10 ** rng.randint(0, 11) for _ in days],
        }
    days = [START + timedelta(days=n) for n in range(40, 75)]
    for asset in ("bitcoin", "ethereum", "tron"):
        lake[TVL, asset] = {"date": days, "tvl": [rng.random() * 1e9 for _ in days]}
    return lake


@pytest.fixture(scope="session")
def lake(tmp_path_factory):
    """The store with these series."""
    store = LocalStore(tmp_path_factory.mktemp("lake"))
    claim(store, SANDBOX)
    cache = AssetCache(store, clock=lambda: NOW)
    providers = load().providers
    for (name, asset), rows in known_rows().items():
        provider, dataset = name.split(".")
        schema = {"date": pl.Date, **{c: pl.Float64 for c in rows if c != "date"}}
        table = pl.DataFrame(rows, schema=schema).to_arrow(compat_level=pl.CompatLevel.oldest())
        window = Window(rows["date"][0], rows["date"][-1] + timedelta(days=1))
        key = SeriesKey(provider, dataset, asset)
        cache.put(key, providers[provider].dataset(dataset), asset, table, window)
    return store
