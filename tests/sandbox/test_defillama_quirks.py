"""The oddities of DefiLlama's answers: names, duplicates, custody, points that are not final."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timezone
from itertools import pairwise

import pytest

LLAMA = "https://api.llama.fi"
DAY = 86_400


@pytest.fixture(scope="module")
def ask(get):
    """`ask(path, **query)`: a DefiLlama answer as JSON."""
    return lambda path, **query: get(LLAMA, path, **query).json()


def _stamp(year, month, day):
    return int(datetime(year, month, day, tzinfo=timezone.utc).timestamp())


def test_gecko_ids_of_chains_are_neither_unique_nor_complete(ask):
    """BNB and OP have a dead twin of 0; Base has no coin of its own but a gas coin."""
    chains = ask("/v2/chains")
    by_gecko = defaultdict(dict)
    for chain in chains:
        by_gecko[chain["gecko_id"]][chain["name"]] = chain["tvl"]
    assert by_gecko["binancecoin"]["Binance"] == 0
    assert by_gecko["binancecoin"]["BSC"] > 1e9
    assert by_gecko["optimism"]["Optimism"] == 0
    assert by_gecko["optimism"]["OP Mainnet"] > 1e8
    base = next(chain for chain in chains if chain["name"] == "Base")
    assert base["gecko_id"] is None
    assert base["gasTokenGeckoId"] == "ethereum"


def test_a_chains_last_point_is_provisional(ask, clock):
    """Midnights only, whole dollars, the last one today's and not what /v2/chains says."""
    history = ask("/v2/historicalChainTvl/ethereum")
    assert all(point["date"] % DAY == 0 and isinstance(point["tvl"], int) for point in history)
    assert history[-1]["date"] == _stamp(2026, 11, 22)
    now = next(chain["tvl"] for chain in ask("/v2/chains") if chain["name"] == "Ethereum")
    assert history[-1]["tvl"] != round(now)
    assert history[-1]["tvl"] == pytest.approx(now, rel=0.2)


def test_chain_histories_begin_with_zeros_and_have_gaps(ask):
    """Ethereum has 138 zero days; Arbitrum lacks two months of 2021."""
    ethereum = ask("/v2/historicalChainTvl/Ethereum")
    assert [point["tvl"] for point in ethereum[:138]] == [0] * 138
    assert ethereum[138]["tvl"] > 0
    arbitrum = [point["date"] for point in ask("/v2/historicalChainTvl/Arbitrum")]
    steps = [b - a for a, b in pairwise(arbitrum)]
    assert max(steps) == 62 * DAY


@pytest.mark.parametrize("name", ["OP Mainnet", "op%20mainnet", "Hyperliquid L1"])
def test_chain_names_may_have_blanks_and_any_case(ask, name):
    """Names in paths are decoded and matched without regard to case."""
    assert len(ask(f"/v2/historicalChainTvl/{name}")) > 300


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/v2/historicalChainTvl/Nowhere", 400, "There is no chain with that name"),
        ("/protocol/nothing", 400, "Protocol not found"),
        ("/tvl/nothing", 400, "Protocol not found"),
        ("/summary/dexs/lido", 400, "Dexs for lido not found, please visit /overview/dexs to see"),
        ("/overview/dexs/Nowhere", 500, "Internal server error"),
    ],
)
def test_unknown_names_get_plain_text(get, path, status, text):
    """The errors are no JSON, and their statuses are those of the source."""
    answer = get(LLAMA, path)
    assert answer.status_code == status
    assert answer.text.startswith(text)
    assert answer.headers["content-type"].startswith("text/plain")


def test_protocols_speak_the_old_chain_names(ask):
    """BSC is Binance and OP Mainnet is Optimism in /protocols, the other way in /overview."""
    old = {name for row in ask("/protocols") for name in row["chains"]}
    assert {"Binance", "Optimism"} <= old
    assert not {"BSC", "OP Mainnet"} & old
    overview = ask("/overview/dexs", excludeTotalDataChartBreakdown="true")
    assert {"BSC", "OP Mainnet"} <= set(overview["allChains"])


def test_a_tvl_is_the_sum_of_its_base_sections(ask):
    """Entries with a suffix, and those named borrowed or staking, are not in it."""
    rows = ask("/protocols")
    beside = 0
    for row in rows:
        base = [v for k, v in row["chainTvls"].items() if "-" not in k]
        base = sum(base) - sum(row["chainTvls"].get(k, 0) for k in ("borrowed", "staking"))
        assert row["tvl"] == pytest.approx(base, rel=1e-9, abs=1e-3)
        beside += any("-borrowed" in k or "-staking" in k for k in row["chainTvls"])
    assert beside > 10


def test_a_gecko_id_may_sit_on_an_old_child_or_on_nobody(ask):
    """Of Aave's family only V2 carries `aave`; of Uniswap's nobody carries anything."""
    rows = {row["slug"]: row for row in ask("/protocols")}
    assert rows["aave-v2"]["gecko_id"] == "aave"
    assert rows["aave-v3"]["gecko_id"] is None
    assert rows["aave-v3"]["parentProtocol"] == rows["aave-v2"]["parentProtocol"] == "parent#aave"
    assert rows["aave-v3"]["tvl"] > 10 * rows["aave-v2"]["tvl"]
    uniswap = [row for row in rows.values() if row.get("parentProtocol") == "parent#uniswap"]
    assert len(uniswap) >= 4
    assert {row["gecko_id"] for row in uniswap} == {None}
    assert "aave" not in rows
    assert "uniswap" not in rows


def test_exchanges_hold_customers_coins_under_a_tokens_id(ask):
    """OKX is of category CEX, has okb as gecko_id, and a TVL of many billions."""
    okx = next(row for row in ask("/protocols") if row["slug"] == "okx")
    assert (okx["category"], okx["gecko_id"]) == ("CEX", "okb")
    assert okx["tvl"] > 1e10
    categories = {row["category"] for row in ask("/protocols") if row["gecko_id"]}
    assert {"CEX", "Chain", "RWA"} <= categories


def test_a_protocols_history_ends_at_the_time_of_the_call(ask, clock):
    """Today has its midnight and one more point, now."""
    body = ask("/protocol/lido")
    dates = [point["date"] for point in body["tvl"]]
    assert dates[-2:] == [_stamp(2026, 11, 22), int(clock.timestamp())]
    assert all(date % DAY == 0 for date in dates[:-1])
    assert body["tvl"][-1]["totalLiquidityUSD"] == pytest.approx(ask("/tvl/lido"))


def test_a_parent_is_the_sum_of_its_children(ask):
    """/protocol/aave adds up its versions, day by day, borrowed not among them."""
    parent = ask("/protocol/aave")
    assert (parent["id"], parent["gecko_id"]) == ("parent#aave", "aave")
    rows = [row for row in ask("/protocols") if row.get("parentProtocol") == "parent#aave"]
    assert ask("/tvl/aave") == pytest.approx(sum(row["tvl"] for row in rows))
    day = _stamp(2026, 10, 1)
    values = []
    for row in rows:
        points = ask(f"/protocol/{row['slug']}")["tvl"]
        values += [p["totalLiquidityUSD"] for p in points if p["date"] == day]
    whole = next(p["totalLiquidityUSD"] for p in parent["tvl"] if p["date"] == day)
    assert whole == pytest.approx(sum(values), rel=1e-9)


def test_one_protocols_body_is_big(get):
    """/protocol/aave is more than 10 MB, nearly all of it tokens that nobody needs."""
    answer = get(LLAMA, "/protocol/aave")
    assert len(answer.content) > 10e6
    body = answer.json()
    assert len(body["tokensInUsd"]) == len(body["tvl"])


def test_the_sums_of_an_overview_leave_out_today(ask):
    """total48hto24h is the third point from the end, total7d the seven before the last."""
    body = ask("/overview/dexs", excludeTotalDataChartBreakdown="true")
    values = [value for _, value in body["totalDataChart"]]
    assert body["total48hto24h"] == values[-3]
    assert body["total7d"] == sum(values[-8:-1])
    assert body["total24h"] not in values
    assert body["totalDataChart"][-1][0] == _stamp(2026, 11, 22)
    assert all(stamp % DAY == 0 for stamp, _ in body["totalDataChart"])


def test_charts_are_left_out_on_request(ask):
    """The exclude flags empty the charts; only "true" counts."""
    flags = {"excludeTotalDataChart": "true", "excludeTotalDataChartBreakdown": "true"}
    body = ask("/overview/dexs", **flags)
    assert body["totalDataChart"] == body["totalDataChartBreakdown"] == []
    assert ask("/overview/dexs/BSC", excludeTotalDataChart="false")["totalDataChart"]


def test_rows_of_the_overview_are_not_all_dexs_and_not_all_known(ask):
    """Null is not 0; other categories than Dexs; a third set of chain names, adding up to more."""
    rows = ask("/overview/dexs", excludeTotalDataChartBreakdown="true")["protocols"]
    assert sum(row["total24h"] is None for row in rows) >= 5
    assert {"Dexs", "Launchpad", "Prediction Market"} <= {row["category"] for row in rows}
    assert any(row.get("doublecounted") for row in rows)
    keys = {key for row in rows for key in row["breakdown24h"] or {}}
    assert {"bsc", "ethereum", "optimism"} <= keys
    known = [row for row in rows if row["total24h"]]
    parts = sum(sum(map(sum, [p.values() for p in row["breakdown24h"].values()])) for row in known)
    assert 1.02 < parts / sum(row["total24h"] for row in known) < 1.11


def test_a_summary_of_a_parent_adds_its_children(ask):
    """/summary/dexs/uniswap is the sum of its versions on a closed day."""
    day = _stamp(2026, 10, 1)

    def on_day(slug):
        chart = ask(f"/summary/dexs/{slug}", excludeTotalDataChartBreakdown="true")
        return dict(map(tuple, chart["totalDataChart"])).get(day, 0)

    rows = ask("/overview/dexs", excludeTotalDataChartBreakdown="true")["protocols"]
    children = [r["slug"] for r in rows if r.get("parentProtocol") == "parent#uniswap"]
    assert on_day("uniswap") == sum(on_day(slug) for slug in children)


def test_some_protocols_take_yesterdays_volume_until_they_have_run(ask):
    """The last entry is partial, or the day before's value over again."""
    rows = ask("/overview/dexs", excludeTotalDataChartBreakdown="true")["protocols"]
    repeated = partial = 0
    for row in [row for row in rows if row["total24h"]][:30]:
        chart = ask(f"/summary/dexs/{row['slug']}")["totalDataChart"]
        repeated += chart[-1][1] == chart[-2][1]
        partial += chart[-1][1] < 0.8 * chart[-2][1]
    assert repeated >= 3
    assert partial >= 3
