"""The cache can be read without this library."""

import duckdb

from datalake.cache import SeriesKey
from datalake.stores import open_store


def test_duckdb_reads_all_series_with_one_glob(new_lake, tmp_path):
    """Provider, dataset and asset come from the folders, the rows from plain parquet."""
    lake = new_lake(open_store(str(tmp_path), {}))
    days = lake.get("2026-03-01", "2026-03-08")
    for asset in ("ethereum", "usd/coin", "BTC"):
        key = SeriesKey("acme", "market", asset)
        window = days.fetched
        lake.cache.get_or_fetch(key, lake.dataset, asset, window, window, lake.fetch)
    found = duckdb.sql(
        f"select provider, dataset, asset, count(*), min(date), max(observed_at) is not null "
        f"from read_parquet('{tmp_path}/series/v1/*/*/*/*.parquet', hive_partitioning=true) "
        f"group by all order by asset"
    ).fetchall()
    assert [row[:2] for row in found] == [("acme", "market")] * 4
    assert [row[2] for row in found] == ["BTC", "bitcoin", "ethereum", "usd/coin"]
    assert {row[3:] for row in found} == {(7, days.fetched.start, True)}
