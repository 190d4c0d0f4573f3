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


rows = pl.concat(
    [
        scan(
            "provider=coingecko/dataset=market",
            close="price",
            volume="volume",
            market_cap="market_cap",
        ),
        scan("provider=defillama/dataset=chain_tvl", chain_tvl="tvl"),
        scan(
            "provider=lunarcrush/dataset=social",
            lc_galaxy_score="galaxy_score",
            lc_sentiment="sentiment",
        ),
    ],
    how="diagonal",
)
members = pl.scan_parquet(f"{lake}/members.parquet")
joined = rows.join(members, on="asset", how="left").with_columns(
    pl.col("canonical_id").fill_null(pl.col("asset")), own.fill_null(True)
)
others = ~own & pl.col("close").is_not_null()
cells = joined.group_by(KEYS).agg(
    pl.coalesce(
        pl.col("close").filter(own).max(),
        pl.col("close").filter(others).sort_by(pl.col("volume").filter(others)).last(),
    ).alias("close"),
    pl.when(pl.col("volume").count() > 0).then(pl.col("volume").sum()).alias("volume"),
    *(
        pl.col(name).filter(own).max()
        for name in ("market_cap", "chain_tvl", "lc_galaxy_score", "lc_sentiment")
    ),
)
cells.select("date", "canonical_id", pl.exclude(KEYS)).sort(KEYS).collect().write_parquet(
    output, compression="zstd", compression_level=1
)
