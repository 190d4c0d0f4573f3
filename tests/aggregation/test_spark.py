"""The fold on a real local Spark: equal to Polars', cell for cell (skipped where it is missing)."""

from __future__ import annotations

import random
from datetime import date, timedelta

import polars as pl
import pytest

from datalake_aggregation import aggregate, fold

START = date(2024, 2, 26)
ASSETS = ("sun", "wsun", "xsun", "sun-b", "staked-sun", "moon", "luna", "wmoon", "alone")
NATIVE = ("sun", "moon", "alone")


def lake(naive):
    """Prices that stray, gaps, NaN and nulls over a leap day, when rules change; shuffled."""
    rng = random.Random(7)
    hole = (None, float("nan"))
    rows = [
        {
            "date": START + timedelta(days=n),
            "asset": asset,
            "close": rng.choice([*3 * [100.0 if asset in NATIVE else 80.0], 101.0, *hole]),
            "volume": rng.choice([0.0, 7.5, 7.5, rng.random() * 1e9, *hole]),
            "market_cap": rng.choice([rng.random() * 1e12, None]),
            "chain_tvl": rng.choice([1.0, None]),
            "supply": rng.choice([rng.random(), None]),
            "score": rng.choice([rng.random(), *hole]),
        }
        for n in range(10)
        for asset in ASSETS
        if rng.random() < 0.9
    ]
    return naive.frame(rng.sample(rows, len(rows)), (*naive.metrics, "score"))


def sparks(spark, frame):
    return spark.createDataFrame(frame.to_arrow(compat_level=pl.CompatLevel.oldest()))


def to_polars(frame):
    return pl.DataFrame(pl.from_arrow(frame.toArrow()))


def test_cells_and_exclusions_are_those_of_polars(spark, rich, naive):
    """Every rule that there is on a shuffled lake with all that is odd; the kind of frame stays."""
    frame = lake(naive)
    ours, theirs = fold(frame, rich), fold(sparks(spark, frame), rich)
    assert type(theirs.frame).__module__.startswith("pyspark.sql")
    assert to_polars(theirs.frame).equals(ours.frame)
    assert to_polars(theirs.exclusions).equals(ours.exclusions)
    assert ours.exclusions["excluded"].any()


@pytest.mark.parametrize("count", [0, 1])
def test_frames_without_much_in_them(spark, small, naive, count):
    """No row, and one; of the columns only some."""
    frame = lake(naive).head(count).select("date", "asset", "close", "volume")
    assert to_polars(aggregate(sparks(spark, frame), small)).equals(aggregate(frame, small))


def test_a_duplicate_is_named(spark, small, naive):
    """As on every engine, before anything is folded."""
    frame = lake(naive).drop("score")
    twice = pl.concat([frame, frame.filter(pl.col("asset") == "moon").sort("date").head(1)])
    with pytest.raises(ValueError, match="moon has more than one row for 2024-02-"):
        aggregate(sparks(spark, twice), small)
