"""One lazy Polars query over the whole lake: `with_polars.py LAKE OUTPUT`."""

from __future__ import annotations

import sys

import polars as pl

lake, output = sys.argv[1:]
KEYS = ["canonical_id", "date"]
own = pl.col("native")


def scan(dataset: str, **columns: str) -> pl.LazyFrame:
    rows = pl.scan_parquet(f"{lake}/series/v1/{dataset}/*/series.parquet", hive_partitioning=True)
    return rows.select(
        "date", "asset", **{name: pl.col(source) for name, source in columns.items()}
    )


members = pl.scan_parquet(f"{lake}/members.parquet")
market = scan(
    "provider=coingecko/dataset=market", close="price", volume="volume", market_cap="market_cap"
)

# the guard: a variant that strays for three days running is out until a price within 5 % is seen
variants = market.join(members.filter(~own), on="asset").select(*KEYS, "asset", "close")
natives = market.join(members.filter(own), on="asset").filter(pl.col("close") > 0)
prices = (
    variants.join(natives.select(*KEYS, native_close="close"), on=KEYS, how="left")
    .with_columns(ratio=pl.col("close") / pl.col("native_close"))
    .with_columns(stray=((pl.col("ratio") - 1).abs() > 0.05).fill_null(False))
    .sort("asset", "date")
)
stretch = pl.col("date") - pl.duration(days=pl.int_range(pl.len()).over("asset"))
long = (
    prices.filter("stray")
    .with_columns(stretch=stretch)
    .filter(pl.len().over("asset", "stretch") >= 3)
    .select("date", "asset", long=True)
)
sound = pl.col("ratio").is_not_null() & ~pl.col("stray")
state = pl.coalesce("long", pl.when(sound).then(False)).forward_fill().over("asset")
excluded = (
    prices.join(long, on=["date", "asset"], how="left", maintain_order="left")
    .filter(state)
    .select("date", "asset", excluded=True)
)

rows = pl.concat(
    [
        market.join(excluded, on=["date", "asset"], how="left"),
        scan("provider=defillama/dataset=chain_tvl", chain_tvl="tvl"),
        scan(
            "provider=lunarcrush/dataset=social",
            lc_galaxy_score="galaxy_score",
            lc_sentiment="sentiment",
        ),
    ],
    how="diagonal",
)
joined = rows.join(members, on="asset", how="left").with_columns(
    pl.col("canonical_id").fill_null(pl.col("asset")), own.fill_null(True)
)
kept = pl.col("excluded").is_null()
others = ~own & kept & pl.col("close").is_not_null()
volume = pl.col("volume").filter(kept)
cells = joined.group_by(KEYS).agg(
    pl.coalesce(
        pl.col("close").filter(own).max(),
        pl.col("close").filter(others).sort_by(pl.col("volume").filter(others)).last(),
    ).alias("close"),
    pl.when(volume.count() > 0).then(volume.sum()).alias("volume"),
    *(
        pl.col(name).filter(own).max()
        for name in ("market_cap", "chain_tvl", "lc_galaxy_score", "lc_sentiment")
    ),
)
cells.select("date", "canonical_id", pl.exclude(KEYS)).sort(KEYS).collect().write_parquet(
    output, compression="zstd", compression_level=1
)
