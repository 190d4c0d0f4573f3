"""Answers that the sandbox does not give: each in the shape that was recorded or reported."""

from __future__ import annotations

from datetime import date

import pytest

from datalake import NotFound, Refused, Rejected, SchemaError, Unavailable, Window
from datalake_coingecko import MARKET, OHLC, classify
from datalake_coingecko import register_providers as coingecko
from datalake_defillama import CHAIN_TVL
from datalake_defillama import register_providers as defillama
from datalake_lunarcrush import SOCIAL
from datalake_lunarcrush import register_providers as lunarcrush

(COINGECKO,) = coingecko()
(DEFILLAMA,) = defillama()
(LUNARCRUSH,) = lunarcrush()
DAY = 86_400
WEEK = Window(date(2026, 3, 8), date(2026, 3, 15))


def coin(name, cap=1.0, price=1.0):
    """A row of `/coins/markets`, written by hand in the recorded shape."""
    return {"id": name, "symbol": "x", "name": "X", "current_price": price, "market_cap": cap}


def test_a_coin_that_moves_to_the_next_page_comes_once(scripted):
    """Rows move between two calls; an empty page is the end."""
    pages = {"1": [coin("a"), coin("b")], "2": [coin("b"), coin("c")]}
    client = scripted(COINGECKO, lambda path, query: (200, pages.get(query["page"], [])))
    assert [asset.id for asset in COINGECKO.universe(None, client)] == ["a", "b", "c"]


def test_a_vendor_that_ignores_the_page_is_not_read_for_ever(scripted):
    """A page that brings nothing new ends the list."""
    client = scripted(COINGECKO, lambda path, query: (200, [coin("a"), coin("b")]))
    assert [asset.id for asset in COINGECKO.universe(None, client)] == ["a", "b"]
    assert client.stats.calls == 2


def test_zero_and_null_in_the_list_are_unknown(scripted):
    """A row without a market cap is still a row."""
    rows = [coin("a", 5, 2), coin("b", 0, 0), coin("c", None, None)]
    client = scripted(COINGECKO, lambda path, query: (200, rows))
    found = list(COINGECKO.universe(["a", "b", "c"], client))
    assert [(asset.id, asset.market_cap, asset.price) for asset in found] == [
        ("a", 5.0, 2.0),
        ("b", None, None),
        ("c", None, None),
    ]


@pytest.mark.parametrize("status", [200, 403])
def test_the_recorded_403_is_passing_trouble(scripted, real, status):
    """The body that once was saved as the day's list: neither a list, nor the end of the key."""
    body = (real / "coingecko" / "error_403__coins_markets__2023-03-30.json").read_bytes()
    client = scripted(COINGECKO, lambda path, query: (status, body))
    with pytest.raises(Unavailable, match="temporarily unavailable"):
        list(COINGECKO.universe(None, client))


@pytest.mark.parametrize("body", [b'{"coins": []}', b'[{"symbol": "btc"}]', b'[{"id": 1}]'])
def test_a_list_of_another_shape_is_refused(scripted, body):
    """An object, a row without an id, an id that is a number."""
    client = scripted(COINGECKO, lambda path, query: (200, body))
    with pytest.raises(SchemaError):
        list(COINGECKO.universe(None, client))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"status":{"error_code":10002,"error_message":"API Key Missing."}}', Refused),
        (b'{"timestamp":"2025","error_code":10011,"status":{"error_message":"If"}}', Refused),
        (b'{"timestamp":"2025","error_code":10010,"status":{"error_message":"If"}}', Refused),
        (b'{"status":{"error_code":10005,"error_message":"limited to PRO"}}', Rejected),
        (b'{"error":{"status":{"timestamp":"2025","error_code":10012}}}', Rejected),
        (b'{"status":{"error_code":429,"error_message":"You\'ve exceeded"}}', Unavailable),
        (b'{"error":"coin not found"}', None),
        (b"error code: 1020", None),
    ],
)
def test_coingecko_s_error_codes_at_each_depth(body, error):
    """Three envelopes, one meaning each; the rest is left to HTTP's own."""
    assert classify(401, body) is error


def test_candles_of_a_coin_that_has_ended(scripted):
    """Empty answers on both sides of its candles are no end of the series."""
    born, died = 1_600_000_000 // DAY * DAY, 1_630_000_000 // DAY * DAY
    asked = []

    def answer(path, query):
        start, end = int(query["from"]), int(query["to"])
        asked.append((start, end))
        stamps = range(max(start, born), min(end, died) + 1, DAY)
        return 200, [[stamp * 1000, 2, 4, 1, 3] for stamp in stamps]

    client = scripted(COINGECKO, answer, "pro")
    window = Window(OHLC.since, date(2026, 3, 15))
    columns = OHLC.fetch("gone", window, client)
    assert columns["time"].tolist() == list(range(born * 1000, died * 1000 + 1, DAY * 1000))
    assert all(end - start <= 180 * DAY for start, end in asked)
    assert len(asked) == OHLC.calls("gone", window, client)


def test_a_chart_without_its_lists_is_refused(scripted):
    """An error object that came with 200 is no coin without prices."""
    client = scripted(COINGECKO, lambda path, query: (200, {"error": "something"}))
    with pytest.raises(SchemaError):
        MARKET.fetch("bitcoin", WEEK, client)


def test_an_unknown_chain_answered_as_an_object_is_not_found(scripted):
    """HTTP 200 with `{statusCode, body}` where the list should be."""
    body = {"statusCode": 400, "body": '{"message": "There is no chain with that name"}'}
    client = scripted(DEFILLAMA, lambda path, query: (200, body))
    with pytest.raises(NotFound, match="chain:Nowhere"):
        CHAIN_TVL.fetch("chain:Nowhere", WEEK, client)


def test_lunarcrush_is_sent_what_it_knows_and_no_more(scripted):
    """A parameter that is not in its documentation would be refused."""
    sent = []

    def answer(path, query):
        sent.append((path, query))
        return 200, {"config": {}, "data": []}

    client = scripted(LUNARCRUSH, answer)
    SOCIAL.fetch("2", WEEK, client)
    assert sent == [
        (
            "/public/coins/2/time-series/v2",
            {"bucket": "day", "start": "1772928000", "end": "1773532800"},
        )
    ]
