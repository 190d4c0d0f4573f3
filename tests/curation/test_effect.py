"""How two foldings differ, cell by cell: moved, gained and lost days, the last one and the mean."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from datalake.curation.effect import changes_between

START = date(2026, 1, 1)


def rows(asset, **columns):
    """Rows of one asset from the first day on."""
    days = [START + timedelta(days=n) for n in range(len(next(iter(columns.values()))))]
    schema = {"date": pl.Date, "canonical_id": pl.String, **dict.fromkeys(columns, pl.Float64)}
    return pl.DataFrame({"date": days, "canonical_id": [asset] * len(days), **columns}, schema)


def test_days_that_move_are_gained_and_are_lost():
    """And the newest day that either has; the mean is over days that both have."""
    (change,) = changes_between(
        rows("sun", volume=[1.0, 2.0, 4.0, None, 5.0]),
        rows("sun", volume=[None, 2.0, 6.0, 3.0, 5.0]),
    )
    assert (change.moved, change.gained, change.lost, change.days) == (1, 1, 1, 5)
    assert (change.last_day, change.before, change.after) == (date(2026, 1, 5), 5.0, 5.0)
    assert change.change == 0
    assert change.mean_change == pytest.approx(13 / 11 - 1)


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [([1.0, None], [1.0, 2.0], (1, 0)), ([1.0, 2.0], [1.0, None], (0, 1))],
)
def test_a_gain_or_a_loss_alone_is_a_change(before, after, counts):
    """Its share cannot be told where one side is not known."""
    (change,) = changes_between(rows("sun", volume=before), rows("sun", volume=after))
    assert (change.gained, change.lost) == counts
    assert change.change is None
    assert change.mean_change == 0


def test_what_is_equal_is_no_change():
    """Also where nothing is known on either side."""
    one = rows("sun", volume=[1.0, None], close=[None, None])
    assert changes_between(one, one) == []


def test_assets_and_columns_of_one_side_only():
    """The largest change comes first; what cannot be told comes last."""
    before = pl.concat([rows("sun", volume=[1.0]), rows("moon", volume=[2.0])])
    after = pl.concat(
        [rows("sun", volume=[1.1], own=[7.0]), rows("mars", volume=[3.0], own=[None])],
    )
    found = [
        (one.canonical_id, one.column, one.gained, one.lost)
        for one in changes_between(before, after)
    ]
    assert found == [
        ("sun", "volume", 0, 0),
        ("mars", "volume", 1, 0),
        ("moon", "volume", 0, 1),
        ("sun", "own", 1, 0),
    ]


def test_from_nothing_there_is_no_share():
    """0 before is no base."""
    (change,) = changes_between(rows("sun", volume=[0.0]), rows("sun", volume=[1.0]))
    assert change.change is None
    assert change.moved == 1
