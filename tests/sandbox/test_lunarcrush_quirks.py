"""The oddities of LunarCrush's answers: ids, symbols, missing fields, unfinished buckets."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest

LUNAR = "https://lunarcrush.com"
PRO = "https://pro-api.coingecko.com"
DAY = 86_400


@pytest.fixture(scope="module")
def ask(get):
    """`ask(path, **query)`: a LunarCrush answer as JSON."""
    return lambda path, **query: get(LUNAR, "/api4/public" + path, **query).json()


@pytest.fixture(scope="module")
def coins(ask):
    """The whole list."""
    return ask("/coins/list/v1", sort="market_cap_rank", limit=1000)["data"]


def test_the_list_is_paged_from_zero(ask, coins):
    """limit and page cut the same order; without a limit everything comes."""
    pages = [ask("/coins/list/v1", sort="market_cap_rank", limit=50, page=n) for n in (0, 1)]
    assert [row["id"] for page in pages for row in page["data"]] == [
        row["id"] for row in coins[:100]
    ]
    body = ask("/coins/list/v2")
    assert len(body["data"]) == body["config"]["total_rows"] == len(coins)


@pytest.mark.parametrize("value", ["true", "false", "1"])
def test_any_value_of_desc_turns_the_order_round(ask, coins, value):
    """Even desc=false does."""
    rows = ask("/coins/list/v1", sort="market_cap_rank", desc=value)["data"]
    assert [row["id"] for row in rows] == [row["id"] for row in reversed(coins)]


def test_ids_are_numbers_and_symbols_are_shared(coins):
    """Twins have another name and a far smaller cap; by symbol the largest answers."""
    by_symbol = defaultdict(list)
    for row in coins:
        assert isinstance(row["id"], int)
        by_symbol[row["symbol"]].append(row)
    shared = [rows for rows in by_symbol.values() if len(rows) > 1]
    assert len(shared) >= 20
    twins = by_symbol["BTC"]
    assert [row["name"] for row in twins] == ["Bitcoin", "Bitcoin Inu"]
    assert twins[1]["market_cap"] < twins[0]["market_cap"] / 1000


def test_caps_are_near_coingeckos(coins, get):
    """Most within a few per cent, prices equal; one coin is seen quite differently."""
    rows = get(PRO, "/api/v3/coins/markets", vs_currency="usd", per_page=250).json()
    there = {(row["symbol"], row["name"]): row for row in coins}
    ratios = {
        row["id"]: there[row["symbol"].upper(), row["name"]]["market_cap"] / row["market_cap"]
        for row in rows[:200]
        if (row["symbol"].upper(), row["name"]) in there
    }
    odd = {coin for coin, ratio in ratios.items() if abs(ratio - 1) > 0.05}
    assert len(ratios) >= 150
    assert odd == {"htx-dao"}


def test_some_names_differ_from_coingeckos(coins):
    """fetch-ai is Fetch here."""
    assert "Fetch" in {row["name"] for row in coins if row["symbol"] == "FET"}


def test_tiny_coins_have_no_social_dominance(coins):
    """It is null there, and a percentage elsewhere."""
    shares = [row["social_dominance"] for row in coins]
    assert None in shares
    assert all(share is None or 0 <= share <= 100 for share in shares)
    assert max(share for share in shares if share is not None) > 10


def test_scores_are_floats_in_the_list_and_integers_in_the_series(ask, coins):
    """galaxy_score changes its type between the two."""
    assert isinstance(coins[0]["galaxy_score"], float)
    rows = ask("/coins/1/time-series/v2", bucket="day", interval="1m")["data"]
    assert {type(row["galaxy_score"]) for row in rows if "galaxy_score" in row} == {int}
    assert {type(row["sentiment"]) for row in rows if "sentiment" in row} == {int}


def test_one_coins_page_has_no_sentiment(ask):
    """coins/{coin}/v1 lacks sentiment and social dominance, whatever the plan."""
    body = ask("/coins/1/v1")
    assert not {"sentiment", "social_dominance"} & body["data"].keys()
    assert body["config"]["id"] == "coins:1"
    assert ask("/coins/BTC/v1")["config"]["id"] == "$btc"


def test_a_series_begins_in_2020_and_its_last_bucket_is_not_over(ask, clock):
    """Days are stamped with their start; config.end lies in the future."""
    body = ask("/coins/1/time-series/v2", bucket="day", interval="all")
    times = [row["time"] for row in body["data"]]
    assert times[0] == 1_577_836_800
    assert all(time % DAY == 0 for time in times)
    now = int(clock.timestamp())
    assert times[-1] == now - now % DAY
    assert body["config"]["end"] == now + 7200
    assert len(times) == len(set(times))


def test_a_day_closes_at_the_next_midnight(ask, get):
    """The close of day D is CoinGecko's price at D+1 00:00."""
    rows = ask("/coins/1/time-series/v2", bucket="day", interval="1m")["data"]
    query = {"vs_currency": "usd", "days": 60, "interval": "daily"}
    points = get(PRO, "/api/v3/coins/bitcoin/market_chart", **query).json()["prices"]
    midnights = dict(map(tuple, points))
    for row in rows[:-1]:
        assert row["close"] == pytest.approx(midnights[(row["time"] + DAY) * 1000], rel=1e-6)


def test_the_default_is_a_week_of_hours(ask):
    """Without parameters: hourly rows of the last seven days."""
    body = ask("/coins/2/time-series/v2")
    assert (body["config"]["bucket"], body["config"]["interval"]) == ("hour", "1w")
    times = [row["time"] for row in body["data"]]
    assert {b - a for a, b in pairwise(times)} == {3600}
    assert 168 <= len(times) <= 170


def test_start_and_end_override_the_interval(ask):
    """A window in UNIX seconds brings its days, whatever the interval says."""
    window = {"start": 1_760_000_000, "end": 1_761_000_000, "bucket": "day", "interval": "all"}
    times = [row["time"] for row in ask("/coins/2/time-series/v2", **window)["data"]]
    assert times[0] == 1_760_000_000 // DAY * DAY
    assert times[-1] <= 1_761_000_000
    assert len(times) == 12


def test_any_field_may_be_missing(ask, coins):
    """Some rows lack sentiment, some the score, and a twin's rows have no spam count."""
    rows = []
    for coin in coins[:5]:
        rows += ask(f"/coins/{coin['id']}/time-series/v2", bucket="day", interval="all")["data"]
    assert any("sentiment" not in row for row in rows)
    assert any("galaxy_score" not in row for row in rows)
    assert sum("sentiment" not in row for row in rows) < len(rows) / 50
    twin = coins[-1]["id"]
    twins = ask(f"/coins/{twin}/time-series/v2", bucket="day", interval="1m")["data"]
    assert all("spam" not in row and row["social_dominance"] is None for row in twins)


def test_the_meta_page_may_lack_its_link(ask):
    """coingecko_link ends with CoinGecko's id, where it is there at all."""
    ethereum = ask("/coins/2/meta/v1")["data"]
    assert ethereum["coingecko_link"].endswith("/coins/ethereum")
    assert "coingecko_link" not in ask("/coins/DOGE/meta/v1")["data"]
