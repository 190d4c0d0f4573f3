"""CoinGecko's market charts, read from every recording there is."""

from __future__ import annotations

import csv
import json
import math
from datetime import date, datetime, timezone

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake.series import to_series
from datalake_coingecko import MARKET
from datalake_coingecko.market import DAY_MS, Chart, Point, table


def ms(text):
    """An instant in milliseconds, from ISO text in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp() * 1000)


def read(path):
    return msgspec.json.decode(path.read_bytes(), type=Chart)


def daily_charts(real):
    paths = sorted((real / "coingecko").glob("market_chart__*_daily__*.json"))
    assert len(paths) > 50
    return {path.name: read(path) for path in paths}


def value(columns, name, at):
    """The value of a column at a stamp; None where null."""
    (place,) = np.flatnonzero(columns["time"] == at)
    cell = columns[name][place]
    return None if math.isnan(cell) else cell


def test_every_recorded_chart_becomes_ordered_daily_rows(real):
    """In each recording all stamps but the last are single, rising midnights (bar two of 2017)."""
    for name, chart in daily_charts(real).items():
        columns = table(chart)
        time = columns["time"]
        assert (np.diff(time) > 0).all(), name
        odd = set(time[time % DAY_MS != 0][:-1])
        expected = {1496791795701, 1496965161692} if "chart__bitcoin__max" in name else set()
        assert odd == expected, name
        assert {len(column) for column in columns.values()} == {len(chart.prices)}, name


def test_values_stay_with_their_stamps(real):
    """Each known value of each list is found again at its stamp."""
    for name, chart in daily_charts(real).items():
        if "chart__bitcoin__max" in name:
            continue
        columns = table(chart)
        rows = dict(zip(columns["time"].tolist(), range(len(columns["time"])), strict=True))
        for column, points in (("price", chart.prices), ("market_cap", chart.market_caps)):
            for stamp, number in map(msgspec.structs.astuple, points):
                cell = columns[column][rows[stamp]]
                assert cell == number or (math.isnan(cell) and not number), (name, column, stamp)
        for stamp, number in map(msgspec.structs.astuple, chart.total_volumes):
            assert columns["volume"][rows[stamp]] == number, (name, stamp)


@pytest.mark.parametrize(
    ("coin", "unknown"),
    [("htx-dao__365d_daily__2026-03-14", 210), ("sky__365d_daily__2026-03-15", 82)],
)
def test_a_market_cap_of_zero_is_unknown(real, coin, unknown):
    """CoinGecko writes 0 where it does not know the supply: null, as often as the notes count."""
    columns = table(read(real / "coingecko" / f"market_chart__{coin}.json"))
    assert abs(int(np.isnan(columns["market_cap"]).sum()) - unknown) <= 1
    assert not (columns["market_cap"] == 0).any()


def test_a_volume_of_zero_is_zero(real):
    """Nobody trades a tokenised fund: its volume is known to be 0."""
    columns = table(read(real / "coingecko" / "market_chart__ousg__365d_daily__2026-03-15.json"))
    assert (columns["volume"] == 0).sum() > 300
    assert not np.isnan(columns["volume"]).any()


def test_a_young_coin_has_fewer_rows(real):
    """midnight-3 was asked for 365 days and is 97 days old: 98 points, no error, no filling."""
    path = real / "coingecko" / "market_chart__midnight-3__365d_daily__2026-03-15.json"
    assert len(table(read(path))["time"]) == 98


def test_the_point_of_now_keeps_its_time(real):
    """The last point is not moved to a midnight: only the open day can come of it."""
    path = real / "coingecko" / "market_chart__aave__365d_daily__2026-03-15.json"
    time = table(read(path))["time"]
    assert time[-1] % DAY_MS != 0
    assert time[-2] == ms("2026-03-15T00:00")
    assert time[0] == ms("2025-03-16T00:00")


def test_points_that_came_minutes_late_get_their_midnight(real):
    """Bitcoin's points of 00:05 on two days of 2018 close the day before, as they should."""
    path = real / "coingecko" / "market_chart__bitcoin__max_daily__2023-08-17.json"
    columns = table(read(path))
    assert value(columns, "price", ms("2018-01-30T00:00")) == 11095.211
    assert value(columns, "price", ms("2018-02-08T00:00")) == 7611.61
    assert value(columns, "market_cap", ms("2017-04-02T00:00")) is None


def test_two_recordings_agree_on_closed_days(real):
    """Midnight points are final: five years of bitcoin, read ten weeks apart, are equal."""
    folder = real / "coingecko"
    one = table(read(folder / "market_chart__bitcoin__5y_daily__2023-08-15.json"))
    two = table(read(folder / "market_chart__bitcoin__5y_daily__2023-10-25.json"))
    both, left, right = np.intersect1d(one["time"], two["time"], return_indices=True)
    assert len(both) > 1700
    for name in ("price", "market_cap", "volume"):
        np.testing.assert_array_equal(one[name][left], two[name][right])


def test_the_json_agrees_with_another_collector_s_csv(real):
    """Ethereum of the JSON of 2023 is Ethereum of the CSV of 2025, day by day."""
    folder = real / "coingecko"
    columns = table(read(folder / "market_chart__ethereum__5y_daily__2023-10-25.json"))
    with (folder / "market_chart_csv__ethereum__max__2025-07-14.csv").open() as file:
        prices = {int(row["timestamp"]): float(row["price"]) for row in csv.DictReader(file)}
    midnights = [stamp for stamp in columns["time"].tolist() if stamp % DAY_MS == 0]
    assert len(midnights) > 1800
    for stamp in midnights:
        assert value(columns, "price", stamp) == pytest.approx(prices[stamp], rel=1e-12)


def test_the_row_of_a_day_carries_the_midnight_that_ends_it(real):
    """Aave's price of 2026-03-14 is the point of 2026-03-15 00:00; `now` is the open day's."""
    path = real / "coingecko" / "market_chart__aave__365d_daily__2026-03-15.json"
    columns = table(read(path))
    now = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
    rows = to_series(MARKET, columns, now=now).table.to_pylist()
    assert [row["date"] for row in rows[-2:]] == [date(2026, 3, 14), date(2026, 3, 15)]
    assert rows[-2]["price"] == value(columns, "price", ms("2026-03-15T00:00"))
    assert rows[-1]["price"] == columns["price"][-1]
    assert MARKET.closed_through(now) == date(2026, 3, 14)


def test_a_day_later_the_point_of_now_is_no_day_s(real):
    """Read from an answer of yesterday, `now` is neither yesterday's row nor today's."""
    path = real / "coingecko" / "market_chart__aave__365d_daily__2026-03-15.json"
    later = datetime(2026, 3, 16, 10, 30, tzinfo=timezone.utc)
    days = to_series(MARKET, table(read(path)), now=later).table["date"].to_pylist()
    assert days[-1] == date(2026, 3, 14)


def test_every_recorded_chart_passes_the_boundary(real):
    """Nothing of what CoinGecko really sends is refused, and no value is out of range."""
    now = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
    for name, chart in daily_charts(real).items():
        series = to_series(MARKET, table(chart), now=now)
        assert series.rejected == 0, name
        assert series.table.num_rows >= len(chart.prices) - 3, name


def test_lists_are_joined_on_their_stamps():
    """A list that lacks a point leaves a null there, and shifts nothing."""
    body = b"""{"prices": [[86400000, 1.0], [172800000, null], [259200000, 3]],
                "market_caps": [[86400000, 10], [259200000, 30.5]],
                "total_volumes": [[172800000, 0], [259200000, 300]]}"""
    columns = table(msgspec.json.decode(body, type=Chart))
    assert columns["time"].tolist() == [86400000, 172800000, 259200000]
    np.testing.assert_array_equal(columns["price"], [1, np.nan, 3])
    np.testing.assert_array_equal(columns["market_cap"], [10, np.nan, 30.5])
    np.testing.assert_array_equal(columns["volume"], [np.nan, 0, 300])


@given(st.lists(st.floats(min_value=0, exclude_min=True, allow_infinity=False), min_size=1))
def test_every_number_is_read_to_the_last_bit(values):
    points = [[(place + 1) * DAY_MS, value] for place, value in enumerate(values)]
    body = json.dumps({"prices": points, "market_caps": [], "total_volumes": points})
    columns = table(msgspec.json.decode(body, type=Chart))
    known = [value for _, value in json.loads(body)["prices"]]
    assert columns["price"].tobytes() == columns["volume"].tobytes() == np.array(known).tobytes()


@pytest.mark.parametrize(
    "point", ["[1]", "[1, 2, 3]", "[]", "1", "[[1, 2]]", '["1", 2]', '[1, "2"]', "[1.5, 2]", "null"]
)
def test_a_point_is_a_stamp_and_a_value(point):
    body = f'{{"prices": [{point}], "market_caps": [], "total_volumes": []}}'
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Chart)


def test_a_price_of_zero_or_less_is_null():
    """A market cap below zero is left to the boundary, which counts what it rejects."""
    points = [Point(DAY_MS, 0.0), Point(2 * DAY_MS, -1.0), Point(3 * DAY_MS, 1e-12)]
    columns = table(Chart(points, points, points))
    np.testing.assert_array_equal(columns["price"], [np.nan, np.nan, 1e-12])
    np.testing.assert_array_equal(columns["market_cap"], [np.nan, -1.0, 1e-12])


def test_a_late_point_does_not_displace_a_midnight():
    """Where the midnight has a point, the one five minutes later stays where it is."""
    points = [Point(DAY_MS, 1.0), Point(DAY_MS + 300_000, 2.0), Point(2 * DAY_MS, 3.0)]
    assert table(Chart(points, [], []))["time"].tolist() == [point.stamp for point in points]


def test_the_last_point_is_never_moved():
    """Asked at 00:05, before the midnight point is there, the point of now is still of now."""
    points = [Point(DAY_MS, 1.0), Point(2 * DAY_MS + 300_000, 2.0)]
    assert table(Chart(points, [], []))["time"].tolist() == [point.stamp for point in points]


def test_an_inactive_coin_has_no_rows():
    """CoinGecko answers empty lists for a coin that it no longer follows."""
    columns = table(Chart([], [], []))
    assert {name: len(column) for name, column in columns.items()} == {
        "time": 0,
        "price": 0,
        "market_cap": 0,
        "volume": 0,
    }
