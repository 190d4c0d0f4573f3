"""The boundary on what the vendors really answered."""

import json
from datetime import date, datetime, timedelta, timezone

import pytest

from datalake.models import Column, Dataset, Stamp
from datalake.series import to_series

DAY_MS = 86_400_000
MARKET = Dataset(
    name="market",
    columns={name: Column("usd", name, minimum=0) for name in ("price", "market_cap", "volume")},
    fetch=lambda native_id, window, client: {},
    stamp=Stamp.END,
    time_unit="ms",
)
CHAIN_TVL = Dataset(
    name="chain_tvl",
    columns={"tvl": Column("usd", "value locked", minimum=0)},
    fetch=lambda native_id, window, client: {},
    stamp=Stamp.START,
)


def market(recordings, name):
    """A recorded market_chart as columns, and the moment of its last point, which is "now"."""
    body = json.loads((recordings / "coingecko" / f"{name}.json").read_bytes())
    arrays = {"price": "prices", "market_cap": "market_caps", "volume": "total_volumes"}
    columns = {column: [value for _, value in body[array]] for column, array in arrays.items()}
    times = [time for time, _ in body["prices"]]
    return {"time": times, **columns}, datetime.fromtimestamp(times[-1] / 1000, timezone.utc)


def names():
    """Recorded with a point at every midnight and one for the moment of the call."""
    return [
        "market_chart__aave__365d_daily__2026-03-15",
        "market_chart__midnight-3__365d_daily__2026-03-15",
        "market_chart__pepe__365d_daily__2026-03-14",
        "market_chart__polygon-ecosystem-token__30d_daily__2026-03-15",
        "market_chart__bitcoin__max_daily__2023-08-17",
        "market_chart__ethereum__5y_daily__2023-10-25",
    ]


@pytest.mark.parametrize("name", names())
def test_row_d_has_the_price_of_the_next_midnight(recordings, name):
    """Every midnight point is the row of the day that it closes, with its own three values."""
    raw, now = market(recordings, name)
    series = to_series(MARKET, raw, now=now)
    assert series.rejected == 0
    found = {row["date"]: row for row in series.table.to_pylist()}
    midnights = 0
    for time, *values in zip(*raw.values(), strict=True):
        if time % DAY_MS == 0:
            day = date(1970, 1, 1) + timedelta(days=time // DAY_MS - 1)
            assert list(found[day].values())[1:] == values
            midnights += 1
    open_days = {now.date()} & found.keys()
    assert len(found) == midnights + len(open_days)
    assert max(found) == now.date()


@pytest.mark.parametrize("name", names())
def test_the_now_point_is_in_no_closed_day(recordings, name):
    """Seen from the day after, the same answer has no row for the day of the call."""
    raw, now = market(recordings, name)
    later = to_series(MARKET, raw, now=now + timedelta(days=1)).table
    assert later["date"].to_pylist()[-1] == now.date() - timedelta(days=1)
    assert later["price"].to_pylist()[-1] == raw["price"][-2]


def test_historic_points_off_midnight_are_left_out(recordings):
    """Bitcoin's whole history has four; the days they lie in keep the price of their midnight."""
    raw, now = market(recordings, "market_chart__bitcoin__max_daily__2023-08-17")
    off = [time for time in raw["time"][:-1] if time % DAY_MS]
    assert len(off) == 4
    prices = dict(zip(raw["time"], raw["price"], strict=True))
    table = to_series(MARKET, raw, now=now).table
    found = dict(zip(table["date"].to_pylist(), table["price"].to_pylist(), strict=True))
    for time in off:
        midnight = (time // DAY_MS + 1) * DAY_MS
        day = date(1970, 1, 1) + timedelta(days=time // DAY_MS)
        assert found.get(day) == prices.get(midnight)
    assert not {prices[time] for time in off} & set(found.values())


@pytest.mark.parametrize(
    "name", ["v2_historicalChainTvl_Aptos_2026-05-01", "v2_historicalChainTvl_2023-09-09"]
)
def test_chain_tvl_keeps_its_own_days(recordings, name):
    """DefiLlama stamps the start of the day: every point is the row of its own date."""
    points = json.loads((recordings / "defillama" / f"{name}.json").read_bytes())
    now = datetime.fromtimestamp(points[-1]["date"], timezone.utc) + timedelta(hours=5)
    raw = {"time": [p["date"] for p in points], "tvl": [p["tvl"] for p in points]}
    table = to_series(CHAIN_TVL, raw, now=now).table
    expected = {
        datetime.fromtimestamp(p["date"], timezone.utc).date(): float(p["tvl"]) for p in points
    }
    found = dict(zip(table["date"].to_pylist(), table["tvl"].to_pylist(), strict=True))
    assert found == expected
    assert max(found) == now.date()


def test_the_last_protocol_point_is_of_the_day_of_the_call(recordings):
    """A `/protocol` history ends off midnight; of two points in one day the later one counts."""
    body = json.loads((recordings / "defillama/protocol_swappi_2025-02-09.json").read_bytes())
    points = body["tvl"]
    now = datetime.fromtimestamp(points[-1]["date"], timezone.utc) + timedelta(minutes=1)
    raw = {
        "time": [p["date"] for p in points],
        "tvl": [p["totalLiquidityUSD"] for p in points],
    }
    table = to_series(CHAIN_TVL, raw, now=now).table
    assert table["date"].to_pylist()[-1] == now.date()
    assert table["tvl"].to_pylist()[-1] == points[-1]["totalLiquidityUSD"]
    assert len(table) == len({p["date"] // 86_400 for p in points})
