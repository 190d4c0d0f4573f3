"""Laws that hold between engines and between ways to hand rows in: every rule, random lakes."""

from __future__ import annotations

import random
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datalake_aggregation import aggregate, fold

from .test_engines import ENGINES, check, equal, plain
from .test_laws import AMOUNTS, ASSETS, DAYS, PRICES

#: How many random lakes an engine is tried on. DuckDB, which plans for far longer than it folds,
#: and Spark (see test_spark) have fixed ones.
EXAMPLES = {"polars, lazy": 3, "pandas": 3, "pandas, arrow columns": 3, "pyarrow": 3}
COLUMNS = ("close", "volume", "market_cap", "chain_tvl", "supply", "score")


@st.composite
def lakes(draw, columns=COLUMNS):
    """Draw an unsorted frame with those columns, prices likelier than not to stray for days."""
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from(ASSETS), st.sampled_from(DAYS)), unique=True, max_size=40
        )
    )
    strays = draw(st.sets(st.sampled_from(ASSETS)))
    schema = {"date": pl.Date, "asset": pl.String, **dict.fromkeys(columns, pl.Float64)}
    rows = [
        {
            "date": day,
            "asset": asset,
            **{name: draw(AMOUNTS) for name in columns},
            "close": 50.0 if asset in strays and draw(st.booleans()) else draw(PRICES),
        }
        for asset, day in keys
    ]
    return pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)


def some_rows(columns):
    """Every asset on every day, with holes; variants are mostly worth twice their native."""
    rng = random.Random(len(columns))
    rows = [
        {
            "date": day,
            "asset": asset,
            **{name: rng.choice([None, float("nan"), 1.0, 2.0, 2.0]) for name in columns},
            "close": rng.choice([None, *5 * [1.0 if asset in ("sun", "moon") else 2.0]]),
        }
        for day in DAYS
        for asset in ASSETS
    ]
    schema = {"date": pl.Date, "asset": pl.String, **dict.fromkeys(columns, pl.Float64)}
    return pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)


@pytest.mark.parametrize("engine", EXAMPLES)
def test_engines_agree_on_every_rule(engine, rich):
    """Overrides with days, tolerances by kind, a plugin's reducer: as on Polars, cell for cell."""

    @given(frame=lakes())
    @settings(max_examples=EXAMPLES[engine], deadline=None, suppress_health_check=list(HealthCheck))
    def law(frame):
        check(ENGINES[engine], frame, rich)

    law()


@pytest.mark.parametrize("engine", EXAMPLES)
def test_engines_agree_on_few_rows_and_columns(engine, rich):
    """Without a price there is no guard; without rows there are none."""
    check(ENGINES[engine], some_rows(("close", "volume", "supply")).head(1), rich)
    check(ENGINES[engine], some_rows(("volume",)).head(0), rich)


def test_duckdb_agrees_on_every_rule(rich):
    """The cells and the exclusions of one lake with holes."""
    frame = some_rows(COLUMNS)
    into, back, _ = ENGINES["duckdb"]
    ours, theirs = fold(frame, rich), fold(into(frame), rich)
    equal(plain(back(theirs.frame)), plain(ours.frame))
    equal(plain(back(theirs.exclusions)), plain(ours.exclusions))
    assert ours.exclusions["excluded"].any()


@given(frame=lakes(), seed=st.integers())
@settings(max_examples=15, deadline=None)
def test_the_order_of_partitions_does_not_matter(frame, seed, rich):
    """A lake is cut by asset and month; its parts, put together in any order, give the same."""
    parts = frame.with_columns(month=pl.col("date").dt.month()).partition_by(
        "asset", "month", include_key=True
    )
    shuffled = random.Random(seed).sample(parts, len(parts))
    joined = pl.concat([frame.head(0), *(part.drop("month") for part in shuffled)])
    one, other = fold(frame, rich), fold(joined, rich)
    assert one.frame.equals(other.frame)
    assert one.exclusions.equals(other.exclusions)
    assert one.contributions().equals(other.contributions())


@given(frame=lakes(), cut=st.sampled_from(DAYS[4:]))
@settings(max_examples=20, deadline=None)
def test_a_window_knows_the_guards_mind_by_the_days_before_it(frame, cut, rich):
    """Where all prices are known on `guard.days` days before a window, these settle what the guard
    says in it: folded from there on and cropped it is the whole, cropped."""
    lead = [cut - timedelta(days=n + 1) for n in range(rich.guard.days)]
    known = pl.DataFrame(
        {"date": [d for d in lead for _ in ASSETS], "asset": list(ASSETS) * len(lead)},
        schema={"date": pl.Date, "asset": pl.String},
    )
    prices = known.join(frame, on=["date", "asset"], how="left").with_columns(
        pl.col("close").fill_nan(None).fill_null(100.0).replace(0.0, 100.0)
    )
    rest = frame.join(known, on=["date", "asset"], how="anti")
    whole = pl.concat([rest, prices.select(frame.columns)])
    window = whole.filter(pl.col("date") >= min(lead))
    late = pl.col("date") >= cut
    assert aggregate(window, rich).filter(late).equals(aggregate(whole, rich).filter(late))
    one, other = (fold(some, rich).exclusions.filter(late) for some in (window, whole))
    assert one.equals(other)
