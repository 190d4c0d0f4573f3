"""CoinGecko's candles: stamped with their close, folded into days."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec
import numpy as np
import pytest

from datalake_coingecko import market
from datalake_coingecko.ohlc import DAY_MS, Candle, _finished, fold, table

FOUR_HOURS = DAY_MS // 6
RECORDED_AT = datetime(2021, 5, 15, 15, 34, 28, tzinfo=timezone.utc)


def read(real, name):
    return msgspec.json.decode((real / "coingecko" / name).read_bytes(), type=list[Candle])


def candle(stamp, low=1.0):
    return (stamp, low + 1, low + 3, low, low + 2)


def test_the_recorded_month_gives_its_whole_days(real):
    """180 4-hour candles asked for at 15:34 hold 29 whole days, the last of them yesterday."""
    candles = read(real, "ohlc__bitcoin__myr_30d__2021-05-15.json")
    days = fold(table(_finished(candles, RECORDED_AT)))
    assert len(days["time"]) == 29
    first, last = days["time"][[0, -1]] / 1000
    assert datetime.fromtimestamp(first, timezone.utc) == datetime(2021, 4, 17, tzinfo=timezone.utc)
    assert datetime.fromtimestamp(last, timezone.utc) == datetime(2021, 5, 15, tzinfo=timezone.utc)
    assert (days["low"] <= np.minimum(days["open"], days["close"])).all()
    assert (days["high"] >= np.maximum(days["open"], days["close"])).all()


def test_the_close_of_a_day_is_its_price_in_the_market_chart(real):
    """Two recordings, one convention: closes scatter least about the prices of the same day.

    (The candles are in ringgit: over a month the exchange rate is a constant, near enough.)
    """
    candles = read(real, "ohlc__bitcoin__myr_30d__2021-05-15.json")
    days = fold(table(_finished(candles, RECORDED_AT)))
    body = (real / "coingecko" / "market_chart__bitcoin__5y_daily__2023-08-15.json").read_bytes()
    chart = market.table(msgspec.json.decode(body, type=market.Chart))
    prices = dict(zip(chart["time"].tolist(), chart["price"].tolist(), strict=True))

    def scatter(shift):
        price = [prices[stamp + shift * DAY_MS] for stamp in days["time"].tolist()]
        return np.log(days["close"] / price).std()

    assert scatter(0) < 0.015
    assert scatter(-1) > 2 * scatter(0) < scatter(1)


def test_a_candle_that_is_not_over_is_left_out(real):
    """At 15:34 the last candle was stamped 16:00: it was still being made."""
    candles = read(real, "ohlc__bitcoin__usd_7d__2021-05-15.json")
    kept = _finished(candles, RECORDED_AT)
    assert len(kept) == len(candles) - 1
    assert max(stamp for stamp, *_ in kept) <= RECORDED_AT.timestamp() * 1000


def test_a_day_is_made_of_the_six_candles_that_close_in_it():
    """First open, highest high, lowest low, last close; midnight belongs to the day before."""
    lows = [5.0, 3.0, 9.0, 7.0, 4.0, 6.0]
    six = [candle(DAY_MS + FOUR_HOURS * place, low) for place, low in enumerate(lows, start=1)]
    days = fold(table(six))
    assert {name: column.tolist() for name, column in days.items()} == {
        "time": [2 * DAY_MS],
        "open": [6.0],
        "high": [12.0],
        "low": [3.0],
        "close": [8.0],
    }


@pytest.mark.parametrize("missing", range(6))
def test_a_day_that_lacks_a_candle_is_no_day(missing):
    """Five candles may lack the high or the low: null is better than a guess."""
    stamps = [DAY_MS * 3 + FOUR_HOURS * place for place in range(1, 13)]
    del stamps[missing]
    days = fold(table([candle(stamp) for stamp in stamps]))
    assert days["time"].tolist() == [5 * DAY_MS]
    assert {len(column) for column in days.values()} == {1}


def test_a_candle_that_comes_twice_counts_once():
    """The seams of 180-day windows overlap; the later answer stands, in order of time."""
    candles = [candle(3 * DAY_MS), candle(2 * DAY_MS, 1.0), candle(2 * DAY_MS, 4.0)]
    columns = table(candles)
    assert columns["time"].tolist() == [2 * DAY_MS, 3 * DAY_MS]
    assert columns["low"].tolist() == [4.0, 1.0]


def test_no_candles_are_no_days():
    """A coin that is younger than a day has no candles."""
    assert all(len(column) == 0 for column in fold(table([])).values())


def test_a_finished_candle_may_close_now():
    """The stamp is the close: at that very instant the candle is over."""
    now = datetime.fromtimestamp(FOUR_HOURS / 1000, timezone.utc)
    assert _finished([candle(FOUR_HOURS)], now)
    assert not _finished([candle(FOUR_HOURS)], now - timedelta(milliseconds=1))


@pytest.mark.parametrize(
    "prices",
    [
        (5.0, 4.0, 6.0, 5.0),  # low above high
        (9.0, 8.0, 4.0, 5.0),  # open above high
        (3.0, 8.0, 4.0, 5.0),  # open below low
        (5.0, 8.0, 4.0, 9.0),  # close above high
        (5.0, 8.0, 4.0, 3.0),  # close below low
        (9.0, 8.0, None, 5.0),  # the low is not known, the open is wrong anyway
    ],
)
def test_a_candle_that_contradicts_itself_is_null(prices):
    """One such candle would have the whole publication refused; its neighbours stay."""
    columns = table([candle(DAY_MS), (2 * DAY_MS, *prices), candle(3 * DAY_MS)])
    for name in ("open", "high", "low", "close"):
        assert np.isnan(columns[name]).tolist() == [False, True, False], name


def test_the_last_bit_of_a_float_is_no_contradiction():
    """A close that is the high, but for rounding, stays; so does a candle that stands still."""
    above, below = float(np.nextafter(8.0, 9.0)), float(np.nextafter(4.0, 3.0))
    candles = [(DAY_MS, below, 8.0, 4.0, above), (2 * DAY_MS, 8.0, 8.0, 8.0, 8.0)]
    assert not any(np.isnan(column).any() for column in table(candles).values())


def test_a_price_of_zero_or_less_is_null():
    """Nothing is sold for that; the other prices of the candle are kept."""
    columns = table([(DAY_MS, 5.0, 8.0, 0.0, 6.0), (2 * DAY_MS, -5.0, 8.0, 4.0, None)])
    np.testing.assert_array_equal(columns["open"], [5.0, np.nan])
    np.testing.assert_array_equal(columns["high"], [8.0, 8.0])
    np.testing.assert_array_equal(columns["low"], [np.nan, 4.0])
    np.testing.assert_array_equal(columns["close"], [6.0, np.nan])


def test_a_day_with_a_contradictory_candle_has_no_extremes():
    """Its high or low may have been in it; first open and last close are those of others."""
    six = [candle(DAY_MS + FOUR_HOURS * place, float(place)) for place in range(1, 7)]
    six[2] = (six[2][0], 5.0, 4.0, 6.0, 5.0)
    days = fold(table(six))
    assert (days["open"].tolist(), days["close"].tolist()) == ([2.0], [8.0])
    assert np.isnan([*days["high"], *days["low"]]).all()
