"""Idiomatic pandas, vectorised, over the whole lake: `with_pandas.py LAKE OUTPUT`."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

lake, output = sys.argv[1:]
KEYS = ["canonical_id", "date"]


def read(dataset: str, **columns: str) -> pd.DataFrame:
    paths = Path(lake, "series/v1", dataset).glob("*/series.parquet")
    names = {source: name for name, source in columns.items()}
    frames = [
        pd.read_parquet(path, columns=["date", *names], partitioning=None).assign(
            asset=path.parent.name.removeprefix("asset=")
        )
        for path in paths
    ]
    return pd.concat(frames, ignore_index=True).rename(columns=names)


def excluded(market: pd.DataFrame) -> pd.DataFrame:
    """The days of variants that strayed for three days running, until a price within 5 %."""
    variants = market[~market["native"]]
    native = market.loc[market["native"] & (market["close"] > 0), [*KEYS, "close"]]
    prices = variants.merge(native, on=KEYS, how="left", suffixes=("", "_native"))
    prices = prices.sort_values(["asset", "date"], ignore_index=True)
    ratio = prices["close"] / prices["close_native"]
    stray = (ratio - 1).abs() > 0.05
    beyond = prices.loc[stray, ["asset", "date"]]
    place = beyond.groupby("asset").cumcount()
    beyond["stretch"] = pd.to_datetime(beyond["date"]) - pd.to_timedelta(place, unit="D")
    long = beyond.groupby(["asset", "stretch"])["date"].transform("size") >= 3
    state = pd.Series(pd.NA, index=prices.index, dtype="boolean")
    state[ratio.notna() & ~stray] = False
    state[long.index[long]] = True
    out = state.groupby(prices["asset"]).ffill().fillna(False).astype(bool)
    return prices.loc[out, ["asset", "date"]].assign(excluded=True)


members = pd.read_parquet(f"{lake}/members.parquet")
market = read(
    "provider=coingecko/dataset=market", close="price", volume="volume", market_cap="market_cap"
)
out = excluded(market.merge(members, on="asset"))
rows = market.merge(out, on=["asset", "date"], how="left")
for other in (
    read("provider=defillama/dataset=chain_tvl", chain_tvl="tvl"),
    read(
        "provider=lunarcrush/dataset=social",
        lc_galaxy_score="galaxy_score",
        lc_sentiment="sentiment",
    ),
):
    rows = rows.merge(other, on=["asset", "date"], how="outer")
rows = rows.merge(members, on="asset", how="left")
rows["canonical_id"] = rows["canonical_id"].fillna(rows["asset"])
own = rows["native"].astype("boolean").fillna(True).astype(bool)
kept = rows["excluded"].isna()
cells = rows[own].set_index(KEYS)[
    ["close", "market_cap", "chain_tvl", "lc_galaxy_score", "lc_sentiment"]
]
grouped = rows["volume"].where(kept).groupby([rows[key] for key in KEYS]).sum(min_count=1)
largest = rows[~own & kept & rows["close"].notna()].sort_values("volume", na_position="first")
stand_in = largest.drop_duplicates(KEYS, keep="last").set_index(KEYS)["close"]
result = grouped.to_frame().join(cells, how="left")
result["close"] = result["close"].fillna(stand_in)
order = ["close", "volume", "market_cap", "chain_tvl", "lc_galaxy_score", "lc_sentiment"]
result = result[order].sort_index().reset_index()[["date", "canonical_id", *order]]
result.to_parquet(output, compression="zstd", index=False)
