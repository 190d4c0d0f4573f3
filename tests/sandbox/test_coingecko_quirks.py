"""The oddities of CoinGecko's answers that a pipeline must survive are there to be survived."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from statistics import median

import pytest

PRO = "https://pro-api.coingecko.com"
DAY = 86_400_000


@pytest.fixture(scope="module")
def chart(get):
    """`chart(coin, days, **query)`: one market_chart, daily unless it says otherwise."""

    def ask(coin, days="max", **query):
        query = {"vs_currency": "usd", "days": days, "interval": "daily", **query}
        return get(PRO, f"/api/v3/coins/{coin}/market_chart", **query).json()

    return ask


@pytest.fixture(scope="module")
def rows(get):
    """The first page of /coins/markets."""
    return get(PRO, "/api/v3/coins/markets", vs_currency="usd", per_page=250).json()


@pytest.fixture(scope="module")
def everything(get):
    """All pages of /coins/markets with rehypothecated tokens."""
    query = {"vs_currency": "usd", "per_page": 250, "include_rehypothecated": "true"}
    path = "/api/v3/coins/markets"
    return [row for page in (1, 2) for row in get(PRO, path, page=page, **query).json()]


def _stamp(day):
    return int(datetime(*day, tzinfo=timezone.utc).timestamp() * 1000)


def test_a_daily_chart_ends_with_the_moment_now(chart, clock):
    """days=365 brings 365 midnights and one more point, at the time of the request."""
    stamps = [stamp for stamp, _ in chart("ethereum", 365)["prices"]]
    assert len(stamps) == 366
    assert all(stamp % DAY == 0 for stamp in stamps[:-1])
    assert stamps[-1] == int(clock.timestamp() * 1000)
    assert stamps[-2] == _stamp((2026, 11, 22))


def test_todays_midnight_comes_late(serve, clock):
    """At 00:34 the newest midnight is yesterday's; at 00:35 it is today's."""
    newest = []
    for minute in (34, 35):
        _, get = serve(clock=clock.replace(hour=0, minute=minute))
        query = {"vs_currency": "usd", "days": 5, "interval": "daily"}
        points = get(PRO, "/api/v3/coins/bitcoin/market_chart", **query).json()["prices"]
        newest.append(points[-2][0])
    assert newest == [_stamp((2026, 11, 21)), _stamp((2026, 11, 22))]


def test_bitcoins_old_history_has_points_off_midnight(chart):
    """Some points of 2017 and 2018 lie between the midnights."""
    stray = [stamp for stamp, _ in chart("bitcoin")["prices"][:-1] if stamp % DAY]
    assert stray == sorted(stray)
    assert len(stray) == 3
    assert _stamp((2018, 2, 8)) + 328_000 in stray


def test_some_days_are_missing(chart):
    """Bitcoin lacks 2013-06-04 and 2015-01-28, weth ten days of 2018."""
    stamps = {stamp for stamp, _ in chart("bitcoin")["prices"]}
    assert not stamps & {_stamp((2013, 6, 4)), _stamp((2015, 1, 28))}
    assert {_stamp((2013, 6, 3)), _stamp((2013, 6, 5))} <= stamps
    weth = [stamp for stamp, _ in chart("weth")["prices"][:-1]]
    steps = Counter(later - stamp for stamp, later in pairwise(weth))
    assert steps[5 * DAY] == 1
    assert steps[7 * DAY] == 1


@pytest.mark.parametrize(
    ("coin", "known_from"),
    [("wrapped-bitcoin", (2020, 9, 3)), ("usd-coin", (2018, 12, 5)), ("htx-dao", (2025, 10, 11))],
)
def test_an_unknown_market_cap_is_zero_at_first(chart, coin, known_from):
    """A leading stretch of zeros, then values."""
    for stamp, cap in chart(coin)["market_caps"]:
        assert (cap == 0) == (stamp < _stamp(known_from))


def test_wrapped_solana_never_has_a_market_cap(chart):
    """Its cap is 0 on every day, its price is solana's."""
    body = chart("wrapped-solana", 100)
    assert {cap for _, cap in body["market_caps"]} == {0.0}
    assert min(price for _, price in body["prices"]) > 0


def test_nobody_trades_a_tokenised_fund(chart, rows):
    """ousg has volume 0 every day, in the chart and in the list."""
    assert {volume for _, volume in chart("ousg", 100)["total_volumes"]} == {0.0}
    assert next(row for row in rows if row["id"] == "ousg")["total_volume"] == 0


@pytest.mark.parametrize(
    ("variant", "base"),
    [
        ("wrapped-bitcoin", "bitcoin"),
        ("coinbase-wrapped-btc", "bitcoin"),
        ("weth", "ethereum"),
        ("wrapped-solana", "solana"),
        ("wbnb", "binancecoin"),
        ("binance-bridged-usdt-bnb-smart-chain", "tether"),
    ],
)
def test_a_variant_tracks_its_native(chart, variant, base):
    """Prices stay within 0.3 % of each other on every midnight."""
    natives = dict(map(tuple, chart(base)["prices"]))
    ratios = [p / natives[t] for t, p in chart(variant)["prices"][:-1] if t in natives]
    assert len(ratios) > 300
    assert max(abs(ratio - 1) for ratio in ratios) < 0.003


def test_a_staked_token_grows_against_its_native(chart):
    """wstETH begins near one ether and is worth more every year."""
    natives = dict(map(tuple, chart("ethereum")["prices"]))
    ratios = [p / natives[t] for t, p in chart("wrapped-steth")["prices"][:-1] if t in natives]
    assert ratios[0] == pytest.approx(1.0, abs=0.01)
    assert median(ratios[-30:]) > 1.1


def test_a_migration_splits_the_supply(chart):
    """Market caps of MATIC and POL together are smooth while the supply moves from one to other."""
    matic = dict(map(tuple, chart("matic-network")["market_caps"]))
    pol = dict(map(tuple, chart("polygon-ecosystem-token")["market_caps"]))
    prices = dict(map(tuple, chart("polygon-ecosystem-token")["prices"]))
    first = _stamp((2023, 10, 25))
    assert matic[first] > 100 * pol[first]
    last = _stamp((2026, 1, 4))
    assert pol[last] > 10 * matic[last]
    supplies = [(matic[t] + pol[t]) / prices[t] for t in pol if t in matic]
    assert max(supplies) / min(supplies) < 1.1
    assert max(matic) <= _stamp((2026, 1, 5))


def test_a_coin_that_migrated_away_answers_with_empty_maps(get, everything):
    """/coins/matic-network is 200 with nothing in it, and no list names it."""
    body = get(PRO, "/api/v3/coins/matic-network").json()
    assert body["market_data"]["current_price"] == {}
    assert body["last_updated"] is None
    assert "matic-network" not in {row["id"] for row in everything}


def test_young_coins_have_fewer_points(chart):
    """A young coin answers a request for a year with what there is."""
    assert 200 < len(chart("edgex")["prices"]) < 300
    assert chart("edgex", 365)["prices"] == chart("edgex")["prices"]


def test_granularity_follows_the_length(chart):
    """5-minutely for a day, hourly to 90 days and never on the hour, daily beyond."""
    day, month, year = (
        [stamp for stamp, _ in chart("solana", days, interval="")["prices"]]
        for days in (1, 30, 120)
    )
    assert [len(day), len(month), len(year)] == [289, 721, 121]
    assert sum(stamp % 3_600_000 == 0 for stamp in month) < 10
    assert all(later > stamp for stamp, later in pairwise(month))


def test_ninety_days_of_a_newcomer_are_hourly(serve):
    """days=max without an interval is hourly while the history is shorter than 90 days."""
    _, get = serve(clock=datetime(2026, 5, 1, 12, tzinfo=timezone.utc))
    query = {"vs_currency": "usd", "days": "max"}
    points = get(PRO, "/api/v3/coins/edgex/market_chart", **query).json()["prices"]
    assert len(points) > 24 * 20


def test_a_range_keeps_to_its_bounds(get):
    """/range brings the midnights within [from, to]; ISO dates and UNIX seconds mean the same."""
    path = "/api/v3/coins/solana/market_chart/range"
    iso = {"from_": "2026-01-01", "to": "2026-06-01", "vs_currency": "usd"}
    unix = {"from_": _stamp((2026, 1, 1)) // 1000, "to": _stamp((2026, 6, 1)) // 1000}
    answers = [get(PRO, path, **iso), get(PRO, path, vs_currency="usd", **unix)]
    assert answers[0].content == answers[1].content
    stamps = [stamp for stamp, _ in answers[0].json()["prices"]]
    assert stamps[0] == _stamp((2026, 1, 1))
    assert stamps[-1] == _stamp((2026, 6, 1))
    assert len(stamps) == 152


def test_candles_are_stamped_with_their_close(get, chart):
    """A daily candle stamped D 00:00 closes at that midnight's price; the last is not over."""
    query = {"vs_currency": "usd", "days": 30, "interval": "daily"}
    candles = get(PRO, "/api/v3/coins/bitcoin/ohlc", **query).json()
    midnights = dict(map(tuple, chart("bitcoin", 60)["prices"]))
    for stamp, opened, high, low, closed in candles[:-1]:
        assert closed == pytest.approx(midnights[stamp], rel=1e-4)
        assert low <= min(opened, closed) <= max(opened, closed) <= high
    assert candles[-1][0] == _stamp((2026, 11, 23))
    assert len(candles) == 30


@pytest.mark.parametrize(
    ("days", "count", "step"), [("1", 48, 1800), ("7", 42, 14_400), ("365", 91, 345_600)]
)
def test_candle_widths_follow_the_length(get, days, count, step):
    """30 minutes to two days, four hours to thirty, four days beyond."""
    candles = get(PRO, "/api/v3/coins/bitcoin/ohlc", vs_currency="usd", days=days).json()
    assert len(candles) in (count, count + 1)
    assert {b[0] - a[0] for a, b in pairwise(candles)} == {step * 1000}


def test_odd_candle_requests_are_refused(get):
    """days=4 is not offered, and one request spans at most 180 daily candles."""
    path = "/api/v3/coins/bitcoin/ohlc"
    assert get(PRO, path, vs_currency="usd", days=4).status_code == 422
    query = {"vs_currency": "usd", "interval": "daily", "from_": "2026-01-01"}
    assert len(get(PRO, f"{path}/range", to="2026-06-30", **query).json()) == 180
    assert get(PRO, f"{path}/range", to="2026-07-01", **query).status_code == 422


def test_rows_are_in_market_cap_order_and_ranks_are_not_to_be_trusted(rows):
    """The order is by cap; ranks have a hole, duplicates, and one is missing."""
    caps = [row["market_cap"] for row in rows]
    assert caps == sorted(caps, reverse=True)
    ranks = [row["market_cap_rank"] for row in rows]
    assert None in ranks
    known = [rank for rank in ranks if rank is not None]
    assert len(set(known)) < len(known)
    assert set(range(1, 251)) - set(known)


def test_rehypothecated_tokens_come_only_when_asked_for(rows, everything):
    """The default list has no wrapped, bridged or staked token; the flag brings them and a rank."""
    hidden = {"wrapped-bitcoin", "weth", "staked-ether", "usdt0", "wrapped-solana", "wbnb"}
    assert not hidden & {row["id"] for row in rows}
    assert hidden <= {row["id"] for row in everything}
    assert all("market_cap_rank_with_rehypothecated" in row for row in everything)
    assert not any("market_cap_rank_with_rehypothecated" in row for row in rows)


def test_the_default_list_fills_a_universe(rows, get):
    """250 assets that are no variants fill one page; the next is shorter, then none."""
    assert len(rows) == 250
    path = "/api/v3/coins/markets"
    query = {"vs_currency": "usd", "per_page": 250}
    second = get(PRO, path, page=2, **query).json()
    assert 0 < len(second) < 250
    assert not {row["id"] for row in rows} & {row["id"] for row in second}
    assert get(PRO, path, page=3, **query).json() == []


def test_a_page_holds_a_hundred_rows_by_default(get):
    """per_page defaults to 100 and is cut to 250."""
    assert len(get(PRO, "/api/v3/coins/markets", vs_currency="usd").json()) == 100
    assert len(get(PRO, "/api/v3/coins/markets", vs_currency="usd", per_page=999).json()) == 250


def test_numbers_come_as_they_are_printed(rows):
    """Large prices are whole numbers, small ones floats, caps whole, supplies floats."""
    by_id = {row["id"]: row for row in rows}
    assert isinstance(by_id["bitcoin"]["current_price"], int)
    assert isinstance(by_id["shiba-inu"]["current_price"], float)
    assert isinstance(by_id["bitcoin"]["market_cap"], int)
    assert isinstance(by_id["bitcoin"]["circulating_supply"], float)


def test_a_row_may_be_stale(rows, clock):
    """hashnote-usyc was updated a fortnight ago and has no changes; the others within a minute."""
    ages = {
        row["id"]: clock - datetime.fromisoformat(row["last_updated"].replace("Z", "+00:00"))
        for row in rows
    }
    assert ages.pop("hashnote-usyc") > timedelta(hours=355)
    assert ages.pop("figure-heloc") > timedelta(hours=43)
    assert max(ages.values()) < timedelta(minutes=1)
    stale = next(row for row in rows if row["id"] == "hashnote-usyc")
    assert stale["price_change_percentage_24h"] is None


def test_symbols_are_no_names(everything):
    """Several ids share a symbol: wrapped ether alone has five."""
    shared = Counter(row["symbol"] for row in everything)
    assert shared["weth"] >= 5
    assert shared["usdf"] >= 2


def test_ids_are_answered_whatever_they_are(get):
    """ids= names coins, rehypothecated or not; unknown ones are left out silently."""
    query = {"vs_currency": "usd", "ids": "weth,bitcoin,no-such-coin"}
    rows = get(PRO, "/api/v3/coins/markets", **query).json()
    assert [row["id"] for row in rows] == ["bitcoin", "weth"]


def test_a_year_of_change_needs_a_year(rows, get):
    """price_change_percentage=1y is null for a coin younger than that."""
    query = {"vs_currency": "usd", "ids": "bitcoin,edgex", "price_change_percentage": "1y"}
    rows = get(PRO, "/api/v3/coins/markets", **query).json()
    changes = {row["id"]: row["price_change_percentage_1y_in_currency"] for row in rows}
    assert changes["edgex"] is None
    assert changes["bitcoin"] is not None


def test_history_is_the_midnights_state(get, chart):
    """/history of a day is market_chart's point at its 00:00."""
    body = get(PRO, "/api/v3/coins/solana/history", date="01-06-2026").json()
    points = dict(map(tuple, chart("solana")["prices"]))
    assert body["market_data"]["current_price"]["usd"] == points[_stamp((2026, 6, 1))]


def test_stablecoins_stay_near_one(chart):
    """Tether never leaves 0.98 to 1.02."""
    prices = [price for _, price in chart("tether")["prices"]]
    assert 0.98 < min(prices) <= max(prices) < 1.02
