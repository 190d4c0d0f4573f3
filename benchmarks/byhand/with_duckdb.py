"""One SQL statement over the whole lake: `with_duckdb.py LAKE OUTPUT`."""

from __future__ import annotations

import sys

import duckdb

lake, output = sys.argv[1:]
FROM = (
    f"FROM read_parquet('{lake}/series/v1/provider={{}}/*/series.parquet', hive_partitioning=true)"
)
market, tvl, social = (
    FROM.format(name)
    for name in (
        "coingecko/dataset=market",
        "defillama/dataset=chain_tvl",
        "lunarcrush/dataset=social",
    )
)
duckdb.sql(f"""
COPY (
    WITH rows AS (
        SELECT date, asset, price AS close, volume, market_cap {market}
        UNION ALL BY NAME SELECT date, asset, tvl AS chain_tvl {tvl}
        UNION ALL BY NAME
        SELECT date, asset, galaxy_score AS lc_galaxy_score, sentiment AS lc_sentiment {social}
    ), joined AS (
        SELECT rows.*, coalesce(canonical_id, asset) AS canonical_id, coalesce(native, true) AS own
        FROM rows LEFT JOIN '{lake}/members.parquet' USING (asset)
    )
    SELECT date, canonical_id,
        coalesce(
            max(close) FILTER (own), arg_max(close, coalesce(volume, -1)) FILTER (NOT own)
        ) AS close,
        sum(volume) AS volume,
        max(market_cap) FILTER (own) AS market_cap,
        max(chain_tvl) FILTER (own) AS chain_tvl,
        max(lc_galaxy_score) FILTER (own) AS lc_galaxy_score,
        max(lc_sentiment) FILTER (own) AS lc_sentiment
    FROM joined GROUP BY ALL ORDER BY canonical_id, date
) TO '{output}' (FORMAT parquet, COMPRESSION zstd)
""")
