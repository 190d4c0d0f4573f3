"""LunarCrush's list and time series, on the examples of its own documentation."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from attrs import evolve

import datalake_lunarcrush
from datalake import Asset, Refused, Unavailable
from datalake_lunarcrush.lists import Coin, Coins
from datalake_lunarcrush.resolve import match
from datalake_lunarcrush.social import TimeSeries, table

BITCOIN = Asset("bitcoin", "btc", "Bitcoin", market_cap=2_150_000_000_000.0)
EDITIONS = ("2025-06-10", "2025-06-22", "2025-10-16")


def coins(real, edition):
    path = real / "lunarcrush" / f"docs_coins_list_v1_{edition}.json"
    return msgspec.json.decode(path.read_bytes(), type=Coins).data


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_documented_list_is_matched(real, edition):
    """Bitcoin is number 1, by symbol, name and market cap."""
    (coin,) = coins(real, edition)
    assert match(evolve(BITCOIN, market_cap=coin.market_cap * 1.1), [coin]) == "1"


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_documented_series_is_read(real, edition):
    """One row with all measures and the price, in percent where the dashboard shows percent."""
    path = real / "lunarcrush" / f"docs_coins_2_time-series_v2_{edition}.json"
    columns = table(msgspec.json.decode(path.read_bytes(), type=TimeSeries))
    assert columns["time"].tolist()[0] % 3600 == 0
    measures = datalake_lunarcrush.SOCIAL.columns
    assert set(columns) == {"time", *measures}
    for name, column in measures.items():
        (cell,) = columns[name]
        assert cell >= column.minimum, name
        assert column.maximum is None or cell <= column.maximum, name
    assert columns["social_dominance"][0] > 1


@pytest.mark.parametrize(
    "changes",
    [
        {"symbol": "btc2"},
        {"name": "Bitcoin Cash"},
        {"market_cap": 1_000_000_000.0},
        {"market_cap": None},
        {"symbol": None},
        {"name": None},
    ],
)
def test_one_disagreement_is_no_match(changes):
    """Symbol, name and cap must all agree; an asset known by its id alone has none of them."""
    coin = Coin(1, "BTC", "Bitcoin", 2_150_000_000_000.0)
    assert match(BITCOIN, [coin]) == "1"
    assert match(evolve(BITCOIN, **changes), [coin]) is None


def test_two_matches_are_none():
    """Two coins of one symbol, one name and one size: no telling which."""
    coin = Coin(1, "BTC", "Bitcoin", 2_150_000_000_000.0)
    assert match(BITCOIN, [coin, Coin(7, "BTC", "Bitcoin", 2_000_000_000_000.0)]) is None


def test_a_namesake_of_another_size_does_not_disturb():
    """Only the coin of the right size counts."""
    rows = [Coin(9, "BTC", "Bitcoin", 12_000.0), Coin(1, "BTC", "Bitcoin", 2_150_000_000_000.0)]
    assert match(BITCOIN, rows) == "1"


def test_names_are_compared_by_letters_and_digits():
    """Case, blanks and punctuation differ between the two; letters do not."""
    asset = Asset("pump-fun", "pump", "Pump.fun", market_cap=100.0)
    assert match(asset, [Coin(5, "PUMP", "Pump Fun", 81.0)]) == "5"
    assert match(asset, [Coin(5, "PUMP", "Pump Fun", 79.0)]) is None


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("POL (ex-MATIC)", "POL (prev. MATIC)", True),
        ("POL (ex-MATIC)", "Pol", True),
        ("Cosmos Hub", "Cosmos", True),
        ("Cosmos Hub", "Cosmos Network", True),
        ("Cosmos Hub", "Hub", False),
        ("Bitcoin", "Bitcoin Cash", False),
        ("Terra Luna", "Terra", False),
        ("(PoS)", "()", False),
    ],
)
def test_names_that_two_vendors_write_differently(ours, theirs, same):
    """Without remarks in brackets, and without a last word that says little."""
    asset = Asset("some-id", "sym", ours, market_cap=100.0)
    assert match(asset, [Coin(5, "SYM", theirs, 100.0)]) == ("5" if same else None)


def test_the_very_same_name_goes_first():
    """A coin of just that name is meant, whatever is nearly called so; two like it are none."""
    asset = Asset("some-id", "sym", "Cosmos Hub", market_cap=100.0)
    near = [Coin(5, "SYM", "Cosmos", 100.0), Coin(6, "SYM", "Cosmos Network", 100.0)]
    assert match(asset, [*near, Coin(7, "SYM", "Cosmos Hub", 100.0)]) == "7"
    assert match(asset, near) is None


class Counted(str):
    """A name that counts how often it is taken apart."""

    def __new__(cls, text):
        self = super().__new__(cls, text)
        self.times = 0
        return self

    def casefold(self):
        self.times += 1
        return super().casefold()


def test_an_asset_s_names_are_taken_apart_once():
    """Of the thousand coins of the list only those of its size are compared by name."""
    symbol, name = Counted("btc"), Counted("Bitcoin")
    rows = [Coin(number, Counted("BTC"), Counted("Bitcoin"), 1_000.0) for number in range(2, 1000)]
    rows.append(Coin(1, Counted("BTC"), Counted("Bitcoin"), 2_150_000_000_000.0))
    assert match(Asset("bitcoin", symbol, name, market_cap=2.2e12), rows) == "1"
    assert (symbol.times, name.times) == (1, 1)
    assert sum(row.symbol.times + row.name.times for row in rows) == 2


def test_missing_measures_are_null():
    """Any field of a row may be missing or null, and others may be there."""
    body = b"""{"config": {"id": "coins:2"}, "data": [
        {"time": 1760572800, "sentiment": 82, "spam": 3},
        {"time": 1760659200, "galaxy_score": 49, "alt_rank": null}]}"""
    columns = table(msgspec.json.decode(body, type=TimeSeries))
    assert columns["time"].tolist() == [1760572800, 1760659200]
    np.testing.assert_array_equal(columns["sentiment"], [82, np.nan])
    np.testing.assert_array_equal(columns["galaxy_score"], [np.nan, 49])
    assert np.isnan(columns["alt_rank"]).all()
    assert np.isnan(columns["interactions"]).all()


def test_no_days_are_no_rows():
    """A coin without buckets in the window gives empty columns."""
    assert all(len(column) == 0 for column in table(TimeSeries([])).values())


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (429, "Rate limit exceeded (minute)", Unavailable),
        (429, "Rate limit exceeded (day)", Refused),
        (
            402,
            "You must have a Enterprise or API Upgrade subscription to use this endpoint.",
            Refused,
        ),
        (404, "Invalid endpoint (2)", Refused),
        (404, "endpoint not found", Refused),
        (400, "Error: Invalid input parameter: explanation", None),
        (200, "Rate limit exceeded (minute)", None),
    ],
)
def test_errors_are_sorted_by_what_they_mean(status, text, error):
    """A route that is gone is not a coin that is unknown."""
    body = msgspec.json.encode({"error": text})
    assert datalake_lunarcrush.classify(status, body) is error
