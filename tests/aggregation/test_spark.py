"""The fold on a real local Spark: equal to Polars', cell for cell (skipped where it is missing)."""

from __future__ import annotations

import random
import shutil
from datetime import date, timedelta

import polars as pl
import pytest

from datalake_aggregation import aggregate, fold

pytest.importorskip("pyspark", reason="PySpark is not installed: pip install -e '.[spark]'")
if shutil.which("java") is None:
    pytest.skip("Spark needs Java, and there is none", allow_module_level=True)

START = date(2023, 12, 28)
ASSETS = ("sun", "wsun", "xsun", "sun-b", "moon", "luna", "wmoon", "alone")


@pytest.fixture(scope="module")
def spark():
    """A session of two threads, without its web page."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").appName("datalake tests")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.memory": "1g",
    }.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def lake(naive):
    """Prices that stray, gaps, NaN and nulls over a new year; shuffled."""
    rng = random.Random(7)
    hole = (None, float("nan"))
    rows = [
        {
            "date": START + timedelta(days=n),
            "asset": asset,
            "close": rng.choice([100.0, 100.5, 94.0, 93.0, 93.5, *hole]),
            "volume": rng.choice([0.0, 7.5, 7.5, rng.random() * 1e9, *hole]),
            "market_cap": rng.choice([rng.random() * 1e12, None]),
            "chain_tvl": rng.choice([1.0, None]),
            "supply": rng.choice([rng.random(), None]),
        }
        for n in range(12)
        for asset in ASSETS
        if rng.random() < 0.9
    ]
    return naive.frame(rng.sample(rows, len(rows)))


def to_polars(frame):
    return pl.DataFrame(pl.from_arrow(frame.toArrow()))


def test_cells_and_exclusions_are_those_of_polars(spark, small, naive):
    """A shuffled lake with all that is odd about it; the kind of frame stays."""
    frame = lake(naive)
    ours = fold(frame, small)
    theirs = fold(
        spark.createDataFrame(frame.to_arrow(compat_level=pl.CompatLevel.oldest())), small
    )
    assert type(theirs.frame).__module__.startswith("pyspark.sql")
    assert to_polars(theirs.frame).equals(ours.frame)
    assert to_polars(theirs.exclusions).equals(ours.exclusions)
    assert ours.exclusions["excluded"].any()


@pytest.mark.parametrize("count", [0, 1])
def test_frames_without_much_in_them(spark, small, naive, count):
    """No row, and one."""
    frame = lake(naive).head(count)
    theirs = aggregate(
        spark.createDataFrame(frame.to_arrow(compat_level=pl.CompatLevel.oldest())), small
    )
    assert to_polars(theirs).equals(aggregate(frame, small))


def test_a_duplicate_is_named(spark, small, naive):
    """As on every engine, before anything is folded."""
    frame = lake(naive)
    twice = pl.concat([frame, frame.filter(pl.col("asset") == "moon").sort("date").head(1)])
    rows = spark.createDataFrame(twice.to_arrow(compat_level=pl.CompatLevel.oldest()))
    with pytest.raises(ValueError, match="moon has more than one row for 2023-12-"):
        aggregate(rows, small)
