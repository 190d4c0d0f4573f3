"""The de-peg guard on made-up collapses: what it leaves out, from when, and until when."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from datalake_aggregation import aggregate, fold, parse_mapping
from datalake_aggregation.guard import long_stretches

START = date(2024, 2, 26)


def lake(naive, prices, *, gaps=()):
    """Native sun at 100 with a volume of 1,000; wsun at `prices` with a volume of 10 a day."""
    rows = []
    for n, price in enumerate(prices):
        day = START + timedelta(days=n)
        rows.append({"date": day, "asset": "sun", "close": 100.0, "volume": 1000.0})
        if n not in gaps:
            rows.append({"date": day, "asset": "wsun", "close": price, "volume": 10.0})
    return naive.frame(rows, ("close", "volume"))


def left_out(naive, mapping, prices, **given):
    """Return the positions of the days whose volume lacks that of wsun."""
    volumes = aggregate(lake(naive, prices, **given), mapping)["volume"].to_list()
    return [n for n, volume in enumerate(volumes) if volume == 1000.0]


@pytest.mark.parametrize(
    ("prices", "out"),
    [
        ([100, 100, 100, 100, 100], []),
        ([100, 94, 94, 100, 100], []),  # two days only warn
        ([100, 94, 94, 94, 100], [1, 2, 3]),  # from the first day, and no longer
        ([94, 94, 94, 94, 94], [0, 1, 2, 3, 4]),
        ([94, 106, 94, 100, 100], [0, 1, 2]),  # either side counts
        ([94, 94, 100, 94, 94], []),  # a sound day ends a stretch
        ([104.9, 104.9, 104.9, 95.1, 95.1], []),  # just within the tolerance
        ([None, 94, 94, 94, None], [1, 2, 3]),
        ([94, None, 94, 94, 100], []),  # a day without a price ends a stretch
        ([94, 0, 0, 0, 0], [0, 1, 2, 3, 4]),  # worthless is stray
    ],
)
def test_stretches(prices, out, small, naive):
    """Three consecutive days beyond 5 % leave the volume out on each of them."""
    assert left_out(naive, small, prices) == out


def test_a_missing_row_ends_a_stretch(small, naive):
    """Days count by the calendar, not by rows: before and after a gap are two stretches."""
    assert left_out(naive, small, [94] * 5, gaps=(2,)) == [2]  # its own volume is missing there


def test_a_collapse_is_reported_day_by_day(small, naive):
    """A variant that goes to a tenth within a week: every day has its ratio and its verdict."""
    prices = [100, 97, 93, 70, 40, 20, 10, 10]
    found = fold(lake(naive, prices), small).exclusions
    assert found.columns == ["date", "canonical_id", "asset", "ratio", "excluded"]
    assert found.rows() == [
        (START + timedelta(days=n), "sun", "wsun", prices[n] / 100, True) for n in range(2, 8)
    ]


def test_an_excluded_variant_does_not_stand_in(small, naive):
    """Where native has a price but no supply, a variant that has lost its peg is passed over."""
    days = [START + timedelta(days=n) for n in range(4)]
    rows = [
        {"date": day, "asset": asset, "close": price, "volume": volume, "supply": supply}
        for day in days
        for asset, price, volume, supply in (
            *(("sun", 100.0, 1.0, None), ("wsun", 20.0, 900.0, 7.0), ("xsun", 101.0, 5.0, 8.0)),
        )
    ]
    folded = naive.cells(aggregate(naive.frame(rows), small))
    assert [folded["sun", day]["supply"] for day in days] == [8.0] * 4
    assert [folded["sun", day]["volume"] for day in days] == [6.0] * 4


def test_where_native_has_no_price_there_is_nothing_to_compare_with(small, naive):
    """Two stray days and one without native's price: only a warning, and the variant stands in."""
    prices = {"sun": (100.0, 100.0, None), "wsun": (20.0, 20.0, 20.0)}
    rows = [
        {"date": START + timedelta(days=n), "asset": asset, "close": price, "volume": 1.0}
        for asset, values in prices.items()
        for n, price in enumerate(values)
    ]
    folded = fold(naive.frame(rows), small)
    assert folded.frame["close"].to_list() == [100.0, 100.0, 20.0]
    assert folded.exclusions["excluded"].to_list() == [False, False]


def test_tolerance_and_days_come_from_the_mapping(naive, small):
    """The same prices under another guard."""
    strict = parse_mapping("version: 1\nguard: {tolerance: 0.01, days: 1}", over=small)
    assert left_out(naive, strict, [100, 98, 100, 102, 100.5]) == [1, 3]
    patient = parse_mapping("version: 1\nguard: {days: 5}", over=small)
    assert left_out(naive, patient, [94, 94, 94, 94, 100, 100]) == []
    assert left_out(naive, patient, [94, 94, 94, 94, 94, 100]) == [0, 1, 2, 3, 4]


def test_without_close_there_is_no_guard(small, naive):
    """A frame of volumes alone is summed as it is."""
    frame = lake(naive, [10, 10, 10]).drop("close")
    folded = fold(frame, small)
    assert folded.frame["volume"].to_list() == [1010.0] * 3
    assert folded.exclusions.is_empty()


def test_native_at_nought_compares_with_nothing(small, naive):
    """A native price of 0 makes no ratio, and no division by it."""
    rows = [
        {"date": START + timedelta(days=n), "asset": asset, "close": price, "volume": 1.0}
        for n in range(4)
        for asset, price in (("sun", 0.0), ("wsun", 100.0))
    ]
    folded = fold(naive.frame(rows), small)
    assert folded.exclusions.is_empty()
    assert folded.frame["volume"].to_list() == [2.0] * 4


def test_a_stretch_does_not_run_from_one_asset_into_the_next():
    """The last day of one asset and the first of another are neighbours only in the list."""
    days = [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 4)]
    pairs = [("a", days[0]), ("a", days[1]), ("b", days[2]), ("b", days[3])]
    assert long_stretches(pairs, 3) == [False] * 4
    assert long_stretches(pairs, 2) == [True] * 4
