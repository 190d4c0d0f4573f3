"""The same seed and clock give the same bytes, and time changes nothing that is over."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

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


def test_closed_days_stay_at_defillama_and_lunarcrush(get, serve, clock):
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
