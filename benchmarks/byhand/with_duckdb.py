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
    WITH market AS (
        SELECT date, asset, price AS close, volume, market_cap {market}
    ), prices AS (
        SELECT variant.date, variant.asset, variant.close / native.close AS ratio,
            coalesce(abs(ratio - 1) > 0.05, false) AS stray
        FROM market AS variant
            JOIN (FROM '{lake}/members.parquet' WHERE NOT native) AS member USING (asset)
            LEFT JOIN market AS native ON native.asset = member.canonical_id
                AND native.date = variant.date AND native.close > 0
    ), stretches AS (
        SELECT date, asset,
            date - row_number() OVER (PARTITION BY asset ORDER BY date)::INTEGER AS stretch
        FROM prices WHERE stray
    ), long AS (
        SELECT date, asset FROM stretches
        QUALIFY count(*) OVER (PARTITION BY asset, stretch) >= 3
    ), states AS (
        SELECT date, asset, last_value(
            CASE WHEN long.date IS NOT NULL THEN true
                WHEN ratio IS NOT NULL AND NOT stray THEN false END
            IGNORE NULLS) OVER (PARTITION BY asset ORDER BY date) AS excluded
        FROM prices LEFT JOIN long USING (date, asset)
        WHERE asset IN (SELECT asset FROM long)
    ), rows AS (
        FROM market LEFT JOIN (FROM states WHERE excluded) USING (date, asset)
        UNION ALL BY NAME SELECT date, asset, tvl AS chain_tvl {tvl}
        UNION ALL BY NAME
        SELECT date, asset, galaxy_score AS lc_galaxy_score, sentiment AS lc_sentiment {social}
    ), joined AS (
        SELECT rows.*, coalesce(canonical_id, asset) AS canonical_id, coalesce(native, true) AS own
        FROM rows LEFT JOIN '{lake}/members.parquet' USING (asset)
    )
    SELECT date, canonical_id,
        coalesce(
            max(close) FILTER (own),
            arg_max(close, coalesce(volume, -1)) FILTER (NOT own AND excluded IS NULL)
        ) AS close,
        sum(volume) FILTER (excluded IS NULL) AS volume,
        max(market_cap) FILTER (own) AS market_cap,
        max(chain_tvl) FILTER (own) AS chain_tvl,
        max(lc_galaxy_score) FILTER (own) AS lc_galaxy_score,
        max(lc_sentiment) FILTER (own) AS lc_sentiment
    FROM joined GROUP BY ALL ORDER BY canonical_id, date
) TO '{output}' (FORMAT parquet, COMPRESSION zstd)
""")
