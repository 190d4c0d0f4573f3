"""The same seed and clock give the same bytes, and time changes nothing that has settled."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone

import pytest
import requests

from datalake_sandbox import Sandbox

PRO = "https://pro-api.coingecko.com"
LLAMA = "https://api.llama.fi"
LUNAR = "https://lunarcrush.com"
CALLS = [
    (PRO, "/api/v3/coins/markets", {"vs_currency": "usd", "per_page": 250}),
    (PRO, "/api/v3/coins/ethereum/market_chart", {"vs_currency": "usd", "days": "max"}),
    (PRO, "/api/v3/coins/ethereum/ohlc", {"vs_currency": "usd", "days": "30"}),
    (LLAMA, "/v2/chains", {}),
    (LLAMA, "/protocol/lido", {}),
    (LLAMA, "/overview/dexs", {"excludeTotalDataChartBreakdown": "true"}),
    (LUNAR, "/api4/public/coins/list/v1", {}),
    (LUNAR, "/api4/public/coins/2/time-series/v2", {"bucket": "day", "interval": "all"}),
]


@pytest.mark.parametrize(("origin", "path", "query"), CALLS)
def test_same_seed_and_clock_give_the_same_bytes(get, serve, origin, path, query):
    """Another sandbox with the same seed and clock answers with equal bytes."""
    _, again = serve()
    assert get(origin, path, **query).content == again(origin, path, **query).content


def test_another_seed_is_another_market(get, serve):
    """The seed changes prices."""
    _, other = serve(seed=1)
    ask = (PRO, "/api/v3/simple/price")
    query = {"ids": "solana", "vs_currencies": "usd"}
    assert get(*ask, **query).json() != other(*ask, **query).json()


def _closed(points, until_ms):
    return [tuple(point) for point in points if point[0] <= until_ms and not point[0] % 86_400_000]


@pytest.mark.parametrize("days_before", [1, 400])
def test_an_earlier_clock_sees_the_same_past(get, serve, clock, days_before):
    """Every midnight that the earlier clock shows is unchanged at the later one."""
    _, earlier = serve(clock=clock - timedelta(days=days_before))
    until = (clock - timedelta(days=days_before)).timestamp() * 1000
    ask = (PRO, "/api/v3/coins/aave/market_chart")
    query = {"vs_currency": "usd", "days": "max", "interval": "daily"}
    before, now = earlier(*ask, **query).json(), get(*ask, **query).json()
    for name in ("prices", "market_caps", "total_volumes"):
        assert len(_closed(before[name], until)) > 300
        assert _closed(before[name], until) == _closed(now[name], until)


def test_settled_days_stay_at_defillama_and_lunarcrush(get, serve, clock):
    """A day later, only the provisional last point of the day before has another value."""
    _, earlier = serve(clock=clock - timedelta(days=1))
    before = earlier(LLAMA, "/v2/historicalChainTvl/Solana").json()
    now = get(LLAMA, "/v2/historicalChainTvl/Solana").json()
    assert before[:-1] == now[: len(before) - 1]
    assert before[-1]["date"] == now[len(before) - 1]["date"]
    assert before[-1]["tvl"] != now[len(before) - 1]["tvl"]
    ask = (LUNAR, "/api4/public/coins/2/time-series/v2")
    query = {"bucket": "day", "start": 1_700_000_000, "end": 1_790_000_000}
    assert earlier(*ask, **query).json()["data"] == get(*ask, **query).json()["data"]


YESTERDAY = datetime(2026, 11, 21, tzinfo=timezone.utc)


def _chain_tvl(get):
    points = get(LLAMA, "/v2/historicalChainTvl/Solana").json()
    return {point["date"]: point["tvl"] for point in points}


def _protocol_tvl(get):
    points = get(LLAMA, "/protocol/lido").json()["tvl"]
    return {point["date"]: point["totalLiquidityUSD"] for point in points}


def _volume(path):
    def ask(get):
        query = {"excludeTotalDataChartBreakdown": "true"}
        return dict(map(tuple, get(LLAMA, path, **query).json()["totalDataChart"]))

    return ask


def _social(field):
    def ask(get):
        query = {"bucket": "day", "interval": "1m"}
        rows = get(LUNAR, "/api4/public/coins/1/time-series/v2", **query).json()["data"]
        return {row["time"]: row[field] for row in rows if field in row}

    return ask


#: Which figure, when it settles, and its unsettled value of yesterday as seen from the final one.
SETTLING = {
    "chain TVL": (_chain_tvl, time(2), lambda final: final * 0.97),
    "protocol TVL": (_protocol_tvl, time(2), lambda final: final * 0.97),
    "volume of a chain": (_volume("/overview/dexs/Solana"), time(6), lambda final: final * 0.6),
    "volume of a family": (_volume("/summary/dexs/uniswap"), time(6), lambda final: final * 0.6),
    "interactions": (_social("interactions"), time(2), lambda final: final * 0.97),
    "sentiment": (_social("sentiment"), time(2), lambda final: final - 4),
}


@pytest.mark.parametrize("figure", SETTLING)
def test_yesterday_is_provisional_until_the_vendor_has_settled_it(get, serve, clock, figure):
    """A minute before its hour yesterday differs clearly; from then on it is what it stays. The
    days before it are the same at any time, and so is the provisional value itself."""
    ask, settles, provisional = SETTLING[figure]
    at = datetime.combine(clock.date(), settles, tzinfo=timezone.utc)
    final = ask(get)
    yesterday = int(YESTERDAY.timestamp())
    seen = {}
    for name, when in {
        "midnight": at.replace(hour=0, minute=0),
        "before": at - timedelta(minutes=1),
        "settled": at,
    }.items():
        _, other = serve(clock=when)
        seen[name] = {day: value for day, value in ask(other).items() if day <= yesterday}
    for name, days in seen.items():
        value = days.pop(yesterday)
        expected = final[yesterday] if name == "settled" else provisional(final[yesterday])
        assert value == pytest.approx(expected, rel=1e-6, abs=1), name
        assert len(days) > 25
        assert days.items() <= final.items(), name
    assert abs(provisional(final[yesterday]) / final[yesterday] - 1) > 0.02


def test_the_hours_of_the_day_before_settle_too(serve, clock):
    """LunarCrush's hourly buckets change for two hours after their end, and not after that."""
    _, early = serve(clock=clock)
    _, later = serve(clock=clock + timedelta(hours=3))
    path = "/api4/public/coins/1/time-series/v2"
    before, now = (
        {row["time"]: row["interactions"] for row in ask(LUNAR, path).json()["data"]}
        for ask in (early, later)
    )
    changed = [start for start in before if now.get(start, before[start]) != before[start]]
    hour = int(clock.replace(minute=0, second=0).timestamp())
    assert changed == [hour - 7200, hour - 3600]


def test_market_cap_order_hardly_moves_in_a_day(get, serve, clock):
    """At most three of the first 200 are others than the day before."""
    _, earlier = serve(clock=clock - timedelta(days=1))
    query = {"vs_currency": "usd", "per_page": 200}
    rows = [ask(PRO, "/api/v3/coins/markets", **query).json() for ask in (get, earlier)]
    today, yesterday = ({row["id"] for row in answer} for answer in rows)
    assert len(today - yesterday) <= 3


@pytest.mark.parametrize(
    "clock",
    [datetime(2026, 1, 1), datetime(2010, 1, 1, tzinfo=timezone.utc)],  # noqa: DTZ001
)
def test_a_clock_without_a_zone_or_before_the_market_is_refused(clock):
    """The constructor says what is wrong with a clock."""
    with pytest.raises(ValueError, match=r"aware UTC datetime|market runs from"):
        Sandbox(clock)


def test_the_sandbox_listens_on_loopback_only_while_it_is_open(clock):
    """The address answers inside the context and refuses after it."""
    with Sandbox(clock) as box:
        url = box.url
        assert url.startswith("http://127.0.0.1:")
        assert requests.get(f"{box.hosts[LLAMA]}/tvl/lido", timeout=5).status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
    with pytest.raises(RuntimeError, match="with Sandbox"):
        _ = box.url


def test_a_taken_port_is_named(clock):
    """Two sandboxes cannot share a port, and the error says which."""
    with Sandbox(clock) as box:
        port = int(box.url.rpartition(":")[2])
        with pytest.raises(OSError, match=str(port)), Sandbox(clock, port=port):
            pass
