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


rows = read(
    "provider=coingecko/dataset=market", close="price", volume="volume", market_cap="market_cap"
)
for other in (
    read("provider=defillama/dataset=chain_tvl", chain_tvl="tvl"),
    read(
        "provider=lunarcrush/dataset=social",
        lc_galaxy_score="galaxy_score",
        lc_sentiment="sentiment",
    ),
):
    rows = rows.merge(other, on=["asset", "date"], how="outer")
members = pd.read_parquet(f"{lake}/members.parquet")
rows = rows.merge(members, on="asset", how="left")
rows["canonical_id"] = rows["canonical_id"].fillna(rows["asset"])
own = rows["native"].astype("boolean").fillna(True).astype(bool)
cells = rows[own].set_index(KEYS)[
    ["close", "market_cap", "chain_tvl", "lc_galaxy_score", "lc_sentiment"]
]
grouped = rows.groupby(KEYS)["volume"].sum(min_count=1).to_frame()
largest = rows[~own & rows["close"].notna()].sort_values("volume", na_position="first")
stand_in = largest.drop_duplicates(KEYS, keep="last").set_index(KEYS)["close"]
result = grouped.join(cells, how="left")
result["close"] = result["close"].fillna(stand_in)
order = ["close", "volume", "market_cap", "chain_tvl", "lc_galaxy_score", "lc_sentiment"]
result = result[order].sort_index().reset_index()[["date", "canonical_id", *order]]
result.to_parquet(output, compression="zstd", index=False)
