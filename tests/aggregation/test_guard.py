"""The de-peg guard on made-up collapses: what it leaves out, from when, and until when."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datalake_aggregation import aggregate, fold, parse_mapping

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
        ([None, 94, 94, 94, None], [1, 2, 3, 4]),  # nothing says that it is back
        ([94, None, 94, 94, 100], []),  # days in a row are days with a price
        ([94, 0, 0, 0, 0], [0, 1, 2, 3, 4]),  # worthless is stray
    ],
)
def test_stretches(prices, out, small, naive):
    """Three consecutive days beyond 5 % leave the volume out on each of them."""
    assert left_out(naive, small, prices) == out


def test_days_in_a_row_are_those_of_the_calendar(small, naive):
    """Not of the rows: before and after a gap are two stretches, each too short."""
    assert left_out(naive, small, [94] * 5, gaps=(2,)) == [2]  # its own volume is missing there


def test_a_collapse_is_reported_day_by_day(small, naive):
    """A variant that goes to a tenth within a week: every day has its ratio and its verdict."""
    prices = [100, 97, 93, 70, 40, 20, 10, 10]
    found = fold(lake(naive, prices), small).exclusions
    assert found.columns == ["date", "canonical_id", "asset", "ratio", "volume", "excluded"]
    assert found.rows() == [
        (START + timedelta(days=n), "sun", "wsun", prices[n] / 100, 10.0, True) for n in range(2, 8)
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


def test_a_stretch_does_not_run_from_one_asset_into_the_next(small, naive):
    """The last day of one asset and the first of another are neighbours only in the list."""
    stray = {"wsun": (0, 1), "xsun": (2, 3)}
    rows = [
        {"date": START + timedelta(days=n), "asset": asset, "close": price, "volume": 1.0}
        for n in range(4)
        for asset, price in (
            ("sun", 100.0),
            *((asset, 50.0 if n in days else 100.0) for asset, days in stray.items()),
        )
    ]
    assert fold(naive.frame(rows), small).exclusions["excluded"].to_list() == [False] * 4


def test_a_stretch_runs_over_leap_days_and_new_years(small, naive):
    """Days count by the calendar wherever a year, a century or a leap day ends."""
    for first in (date(2023, 12, 30), date(2024, 2, 28), date(2100, 2, 27), date(2000, 12, 30)):
        days = [first + timedelta(days=n) for n in range(3)]
        rows = [
            {"date": day, "asset": asset, "close": price, "volume": 1.0}
            for day in days
            for asset, price in (("sun", 100.0), ("wsun", 50.0))
        ]
        assert fold(naive.frame(rows), small).exclusions["excluded"].to_list() == [True] * 3


def test_a_collapsed_variant_never_stands_in_for_native(small, naive):
    """Where native's price is missing amid a collapse, the collapsed price is not put in its place.

    A day on which nothing can be compared goes on as the days before it.
    """
    native = [100, 100, 100, None, 100, None, None, 100, None]
    variant = [50, 40, 30, 20, 20, 20, 20, 99, 99]
    rows = [
        {"date": START + timedelta(days=n), "asset": asset, "close": price, "volume": 10.0}
        for asset, prices in (("sun", native), ("wsun", variant))
        for n, price in enumerate(prices)
    ]
    folded = fold(naive.frame(rows), small)
    assert folded.frame["close"].to_list() == [100, 100, 100, None, 100, None, None, 100, 99]
    assert folded.frame["volume"].to_list() == [10.0] * 7 + [20.0] * 2
    left_out = folded.exclusions.filter(folded.exclusions["excluded"])
    assert left_out["ratio"].to_list() == [0.5, 0.4, 0.3, None, 0.2, None, None]


def test_a_brief_relapse_goes_on_where_no_price_was_in_between(small, naive):
    """Out for good until a price within the tolerance; after that, only three days count again."""
    assert left_out(naive, small, [94, 94, 94, None, 94, 100, 94, None]) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("kinds", "out"),
    [
        ("0.05", {"wsun", "sun-b", "luna"}),
        ("{wrapped: 0.2}", {"sun-b", "luna"}),
        ("{wrapped: 0.2, migrated: 0.11}", {"sun-b"}),
        ("{migrated: 0.09}", {"wsun", "sun-b", "luna"}),
        ("0.2", set()),
    ],
)
def test_a_kind_may_have_a_tolerance_of_its_own(kinds, out, small, naive):
    """Of three variants ten per cent off, those are left out whose kind allows less."""
    mapping = parse_mapping(f"version: 1\nguard: {{tolerance: {kinds}}}", over=small)
    rows = [
        {"date": START + timedelta(days=n), "asset": asset, "close": price, "volume": 1.0}
        for n in range(3)
        for asset, price in (
            *(("sun", 100.0), ("wsun", 90.0), ("sun-b", 110.0)),
            *(("moon", 1.0), ("luna", 0.9)),
        )
    ]
    found = fold(naive.frame(rows), mapping).exclusions
    assert set(found["asset"]) == out
    assert found["excluded"].all()


@given(
    prices=st.lists(
        st.tuples(
            st.sampled_from([100.0, 100.0, 100.0, None]), st.sampled_from([100, 94, 90, None])
        ),
        max_size=24,
    ),
    days=st.integers(1, 4),
)
@settings(max_examples=75, deadline=None)
def test_any_history_is_judged_as_the_words_say(prices, days, small, naive):
    """Long, short and broken stretches in any order, by the naive walk from day to day."""
    mapping = parse_mapping(f"version: 1\nguard: {{days: {days}}}", over=small)
    rows = [
        {"date": START + timedelta(days=n), "asset": asset, "close": price, "volume": 1.0}
        for n, pair in enumerate(prices)
        for asset, price in zip(("sun", "wsun"), pair, strict=True)
    ]
    found = fold(naive.frame(rows), mapping).exclusions.to_dicts()
    expected = naive.exclusions(rows, mapping)
    assert {(r["asset"], r["date"]): (r["ratio"], r["excluded"]) for r in found} == expected
