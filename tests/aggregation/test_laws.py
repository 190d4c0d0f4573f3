"""Laws that hold for every fold, tried on random lakes full of gaps, strays and NaN."""

from __future__ import annotations

import random
from datetime import date, timedelta

import polars as pl
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from datalake_aggregation import aggregate, fold

ASSETS = ("sun", "wsun", "xsun", "sun-b", "staked-sun", "moon", "luna", "wmoon", "alone")
DAYS = [date(2024, 2, 26) + timedelta(days=n) for n in range(7)]  # over a leap day

PRICES = st.sampled_from([None, float("nan"), 0.0, 100.0, 100.0, 101.0, 105.0, 94.0, 106.0, 250.0])
AMOUNTS = st.one_of(
    st.none(), st.just(float("nan")), st.sampled_from([0.0, 1.0, 7.5]), st.floats(0, 1e12)
)


@st.composite
def lakes(draw):
    """Draw rows of any of the assets on any of the days, each pair at most once."""
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from(ASSETS), st.sampled_from(DAYS)), unique=True, max_size=30
        )
    )
    return [
        {
            "date": day,
            "asset": asset,
            "close": draw(PRICES),
            "volume": draw(AMOUNTS),
            "market_cap": draw(AMOUNTS),
            "chain_tvl": draw(AMOUNTS),
            "supply": draw(AMOUNTS),
        }
        for asset, day in keys
    ]


def calm(mapping):
    """Return the mapping with a guard that never acts."""
    return evolve(mapping, guard=evolve(mapping.guard, tolerance=1e9))


@given(rows=lakes())
@settings(max_examples=75, deadline=None)
def test_the_fold_is_the_naive_fold(rows, small, naive):
    """Cell for cell the result is what the words of the rules say."""
    folded = naive.cells(aggregate(naive.frame(rows), small))
    naive.same(folded, naive.fold(rows, small, naive.metrics))


@given(rows=lakes())
@settings(max_examples=25, deadline=None)
def test_exclusions_are_the_naive_ones(rows, small, naive):
    """Each stray day is reported with its ratio, and excluded when its stretch is long enough."""
    found = fold(naive.frame(rows), small).exclusions.to_dicts()
    expected = naive.exclusions(rows, small)
    assert {(r["asset"], r["date"]): (r["ratio"], r["excluded"]) for r in found} == expected
    assert all(r["canonical_id"] == small.canonical_of(r["asset"]) for r in found)


@given(rows=lakes(), seed=st.integers())
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_does_not_matter(rows, seed, small, naive):
    """Shuffled rows give exactly the same frames, to the last bit."""
    shuffled = random.Random(seed).sample(rows, len(rows))
    one, other = fold(naive.frame(rows), small), fold(naive.frame(shuffled), small)
    assert one.frame.equals(other.frame)
    assert one.exclusions.equals(other.exclusions)
    assert one.contributions().equals(other.contributions())


@given(rows=lakes())
@settings(max_examples=25, deadline=None)
def test_volume_is_the_sum_of_the_members(rows, small, naive):
    """Over all assets and days no volume is lost or counted twice while no guard acts."""
    volume = aggregate(naive.frame(rows), calm(small))["volume"].sum()
    assert volume == pytest.approx(naive.frame(rows)["volume"].fill_nan(None).sum(), rel=1e-12)


@given(rows=lakes())
@settings(max_examples=25, deadline=None)
def test_native_price_wins_whenever_it_exists(rows, small, naive):
    """Where native has a price, that very price comes out, whatever its variants do."""
    folded = naive.cells(aggregate(naive.frame(rows), small))
    for row in naive.frame(rows).with_columns(pl.col("close").fill_nan(None)).to_dicts():
        if small.canonical_of(row["asset"]) == row["asset"] and row["close"] is not None:
            assert folded[row["asset"], row["date"]]["close"] == row["close"]


@given(rows=lakes(), price=PRICES, volume=AMOUNTS)
@settings(max_examples=25, deadline=None)
def test_an_unrelated_asset_changes_nothing(rows, price, volume, small, naive):
    """Rows of an asset outside the mapping leave all others as they were."""
    more = [*rows, *({"date": d, "asset": "new", "close": price, "volume": volume} for d in DAYS)]
    kept = aggregate(naive.frame(more), small).filter(pl.col("canonical_id") != "new")
    assert kept.equals(aggregate(naive.frame(rows), small))


@given(rows=lakes())
@settings(max_examples=25, deadline=None)
def test_folding_twice_is_folding_once(rows, small, naive):
    """A folded frame, folded again, stays as it is."""
    once = aggregate(naive.frame(rows), small)
    assert aggregate(once.rename({"canonical_id": "asset"}), small).equals(once)


@given(rows=lakes(), cut=st.sampled_from(DAYS))
@settings(max_examples=25, deadline=None)
def test_a_window_may_be_split(rows, cut, small, naive):
    """Two halves folded apart are the whole, as long as no stretch of the guard is cut."""
    mapping, lake = calm(small), naive.frame(rows)
    halves = [
        aggregate(lake.filter(pl.col("date") < cut), mapping),
        aggregate(lake.filter(pl.col("date") >= cut), mapping),
    ]
    assert pl.concat(halves).sort("canonical_id", "date").equals(aggregate(lake, mapping))


@given(rows=lakes())
@settings(max_examples=25, deadline=None)
def test_contributions_add_up_to_the_cells(rows, small, naive):
    """What entered a cell sums to the cell; a cell that nothing entered is null."""
    folded = fold(naive.frame(rows), small)
    sums = (
        folded.contributions().group_by("canonical_id", "date", "column").agg(pl.col("value").sum())
    )
    entered = {(r["canonical_id"], r["date"], r["column"]): r["value"] for r in sums.to_dicts()}
    for (canonical_id, day), cells in naive.cells(folded.frame).items():
        for column, value in cells.items():
            assert entered.pop((canonical_id, day, column), None) == pytest.approx(value)
    assert not entered
