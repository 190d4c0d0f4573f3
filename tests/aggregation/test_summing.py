"""A sum must be the same bits whatever the order of its addends."""

from __future__ import annotations

import math
import random

import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake_aggregation.summing import sums

ADDENDS = st.lists(
    st.one_of(st.none(), st.floats(0, 1e15), st.floats(0, 1e-3), st.floats(-1e9, 1e9)),
    min_size=1,
    max_size=60,
)


def total(frame):
    """The one sum of a frame with one group."""
    return sums(nw.from_native(frame), ["key"], ["x"])["x"].to_list()[0]


@given(ADDENDS, st.randoms())
def test_the_order_does_not_matter(addends, shuffler):
    """Every permutation gives the same bits, and they are the correctly rounded sum, nearly."""
    shuffled = shuffler.sample(addends, len(addends))
    one, other = (
        total(pl.DataFrame({"key": ["a"] * len(xs), "x": xs}, schema_overrides={"x": pl.Float64}))
        for xs in (addends, shuffled)
    )
    assert one == other
    known = [x for x in addends if x is not None]
    if not known:
        assert one is None
    else:
        largest = max(map(abs, known))
        assert math.isclose(one, math.fsum(known), rel_tol=1e-15, abs_tol=largest * 1e-15)


def test_one_addend_is_itself():
    """Nothing is rounded away where nothing is added."""
    values = [0.1, 1e-9, 123456789.123456789, 2.0**60, 0.0, 5e-324]
    frame = pl.DataFrame({"key": list(map(str, values)), "x": values})
    result = sums(nw.from_native(frame), ["key"], ["x"])
    found = dict(zip(result["key"].to_list(), result["x"].to_list(), strict=True))
    assert [found[str(value)] for value in values[:-1]] == values[:-1]


@pytest.mark.parametrize("make", [pd.DataFrame, pa.table, pl.DataFrame])
def test_engines_agree_to_the_last_bit(make):
    """Polars, pandas and pyarrow add in orders of their own."""
    rng = random.Random(7)
    xs = [rng.uniform(0, 1) * 10.0 ** rng.randint(0, 12) for _ in range(40_000)]
    keys = [f"k{rng.randrange(900)}" for _ in xs]
    expected = {}
    for key, x in zip(keys, xs, strict=True):
        expected.setdefault(key, []).append(x)
    result = sums(nw.from_native(make({"key": keys, "x": xs}), eager_only=True), ["key"], ["x"])
    found = dict(zip(result["key"].to_list(), result["x"].to_list(), strict=True))
    assert found.keys() == expected.keys()
    assert all(found[key] == math.fsum(expected[key]) for key in found)
