"""Merging rows: laws that let writers meet in any order, and what counts as a revision."""

from datetime import date, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from datalake.cache.rows import cache_schema, compare, crop, last_day, merge
from datalake.models import Column, Dataset, Stamp, Window

DATASET = Dataset(
    name="d",
    columns={
        "price": Column("", ""),
        "rank": Column("", "", type="int64"),
        "label": Column("", "", type="string"),
    },
    fetch=lambda native_id, window, client: {},
    stamp=Stamp.START,
)
SCHEMA = cache_schema(DATASET)
NOW = datetime(2026, 3, 15, tzinfo=timezone.utc)


def table(rows):
    columns = zip(*rows, strict=True) if rows else [[]] * 5
    arrays = [pa.array(list(c), f.type) for c, f in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


@st.composite
def tables(draw):
    """Rows on few days and moments, so that they often meet."""
    row = st.tuples(
        st.none() | st.sampled_from([-1.5, 0.0, 2.5, 1e300]),
        st.none() | st.sampled_from([-(2**62), 0, 2**62 + 1]),
        st.none() | st.sampled_from(["", "a", "ü"]),
        st.integers(0, 2).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    )
    found = draw(st.dictionaries(st.integers(0, 5), row))
    return table([(date(2026, 1, 1 + day), *values) for day, values in sorted(found.items())])


@given(tables(), tables())
def test_merge_commutes(a, b):
    """Who comes first does not matter."""
    assert merge(a, b).equals(merge(b, a))


@given(tables(), tables(), tables())
def test_merge_associates(a, b, c):
    """Nor does who met whom before."""
    assert merge(merge(a, b), c).equals(merge(a, merge(b, c)))


@given(tables(), tables())
def test_merge_is_idempotent(a, b):
    """Merging again, as after a lost response, adds nothing."""
    assert merge(a, a).equals(a)
    assert merge(merge(a, b), b).equals(merge(a, b))


@given(tables(), tables())
def test_merge_keeps_every_day_once_and_the_latest_word(a, b):
    """All days of both, in order, each with a row that was observed last."""
    merged = merge(a, b).to_pylist()
    rows = a.to_pylist() + b.to_pylist()
    assert [row["date"] for row in merged] == sorted({row["date"] for row in rows})
    for row in merged:
        rivals = [other for other in rows if other["date"] == row["date"]]
        assert row in rivals
        assert row["observed_at"] == max(other["observed_at"] for other in rivals)


def one(price, rank=1, label="a"):
    return table([(date(2026, 1, 1), price, rank, label, NOW)])


@pytest.mark.parametrize(
    ("old", "new", "changed", "revised"),
    [
        (one(1.0), one(1.0), False, False),
        (one(None), one(None), False, False),
        (one(0.0), one(0.0), False, False),
        (one(100.0), one(100.9), False, False),
        (one(100.0), one(101.1), True, True),
        (one(-100.0), one(100.0), True, True),
        (one(0.0), one(1e-12), True, True),
        (one(None), one(1.0), True, False),
        (one(1.0), one(None), True, True),
        (one(1.0, rank=100), one(1.0, rank=101), False, False),
        (one(1.0, rank=100), one(1.0, rank=102), True, True),
        (one(1.0, label="a"), one(1.0, label="b"), True, True),
        (one(1.0, label=None), one(1.0, label="b"), True, False),
        (one(1.0, label=None), one(2.0, label="b"), True, True),
    ],
)
def test_compare(old, new, changed, revised):
    """Changed is what says something new; revised what takes a known value back."""
    comparison = compare(old, new, evolve(DATASET, tolerance=0.01))
    assert comparison.changed.tolist() == [changed]
    assert comparison.revised.tolist() == [revised]


def test_days_of_one_side_only():
    """New days are changed, absent ones are not revised."""
    old = table([(date(2026, 1, d), 1.0, 1, "a", NOW) for d in (1, 2, 4)])
    new = table([(date(2026, 1, d), float(d), 1, "a", NOW) for d in (2, 3)])
    comparison = compare(old, new, DATASET)
    assert comparison.changed.tolist() == [True, True]
    assert comparison.revised.tolist() == [False, True, False]


def test_crop():
    """A window takes its first day and leaves its end."""
    rows = table([(date(2026, 1, d), 1.0, 1, "a", NOW) for d in (1, 3, 5)])

    def cropped(start, end):
        return [d.day for d in crop(rows, Window(start, end))["date"].to_pylist()]

    assert cropped(date(2026, 1, 1), date(2026, 1, 5)) == [1, 3]
    assert cropped(date(2026, 1, 2), date(2026, 1, 3)) == []
    assert cropped(date(2020, 1, 1), date(2030, 1, 1)) == [1, 3, 5]
    assert cropped(date(2026, 1, 5), date(2026, 1, 1)) == []
    assert last_day(rows) == date(2026, 1, 5)
    assert last_day(table([])) is None
