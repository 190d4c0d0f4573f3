"""What the gate works out piece by piece is what it would be of all at once."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake.publish import Learnt
from datalake.publish import rows as scanning
from datalake.publish.evidence import runs
from datalake.publish.gate.past import _both

DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DAYS = st.dictionaries(st.integers(0, 30), st.integers(0, 3), max_size=20)


@given(DAYS, st.integers(0, 3), st.integers(0, 30))
def test_what_was_learnt_since_a_moment(learnt, moment, newest):
    """Of each day the moment, told by unbroken runs through the newest day."""
    days = np.array(sorted(learnt), dtype=np.int32)
    moments = np.array([learnt[day] for day in sorted(learnt)], dtype=np.int64)
    one = Learnt("p.d", "a", "a", ["close"], *runs(days, moments))
    found = one.since(EPOCH + timedelta(microseconds=moment), EPOCH.date() + newest * DAY)
    told = [run.first + n * DAY for run in found for n in range(run.days)]
    late = [day for day in days.tolist() if learnt[day] > moment and day <= newest]
    assert told == [EPOCH.date() + day * DAY for day in late]
    assert all(run.last - run.first == (run.days - 1) * DAY for run in found)
    assert all(after.first - run.last > DAY for run, after in pairwise(found))


CELLS = st.dictionaries(
    st.tuples(st.sampled_from("abcde"), st.integers(0, 6)), st.none() | st.floats(0, 9), max_size=25
)


def frame(cells):
    rows = [(FIRST + day * DAY, asset, value) for (asset, day), value in sorted(cells.items())]
    schema = {"date": pl.Date, "canonical_id": pl.String, "close": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


@given(CELLS, CELLS, st.booleans())
def test_rows_side_by_side(then, more, longer):
    """A few assets at a time give what a join of all gives, whether only days came or not."""
    now = then | {(asset, day + 7): value for (asset, day), value in more.items()}
    one, other = frame(then), frame(now if longer else more)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "AT_ONCE", 2)
        sides = list(scanning.side_by_side(one.lazy(), other.lazy()))
    found = pl.concat(_both(*side) for side in sides)
    whole = one.join(other, on=["date", "canonical_id"], suffix=" now")
    keys = ["canonical_id", "date"]
    assert found.sort(keys).equals(whole.sort(keys))
    assert pl.concat(left for left, _ in sides).equals(one)


@given(CELLS)
def test_parts_are_all_of_it(cells):
    """In their order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "AT_ONCE", 2)
        assert pl.concat(scanning.parts(frame(cells).lazy())).equals(frame(cells))
