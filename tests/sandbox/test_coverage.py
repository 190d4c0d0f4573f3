"""The market is wide enough for a whole run: who covers how many of the first 200."""

from __future__ import annotations

import pytest

PRO = "https://pro-api.coingecko.com"
LLAMA = "https://api.llama.fi"
LUNAR = "https://lunarcrush.com"
CUSTODY = {"CEX", "Chain", "Bridge", "Canonical Bridge", "RWA", "Services", "CeDeFi", "Foundation"}


@pytest.fixture(scope="module")
def top(get):
    """The first 200 of the default list, which has no wrapped, bridged or staked tokens."""
    query = {"vs_currency": "usd", "per_page": 200}
    return {row["id"]: row for row in get(PRO, "/api/v3/coins/markets", **query).json()}


def test_prices_go_back_hundreds_of_days(get, top):
    """Nearly all of the 200 have more than 300 days, bitcoin more than 4,700."""

    def length(coin, days):
        query = {"vs_currency": "usd", "days": days, "interval": "daily"}
        return len(get(PRO, f"/api/v3/coins/{coin}/market_chart", **query).json()["prices"])

    assert length("bitcoin", "max") > 4_700
    assert sum(length(coin, 400) > 300 for coin in top) >= 190


def test_lunarcrush_follows_at_least_150(get, top):
    """By symbol and name, with a series of hundreds of days."""
    coins = get(LUNAR, "/api4/public/coins/list/v1").json()["data"]
    known = {(row["symbol"], row["name"]): row["id"] for row in coins}
    found = [known.get((row["symbol"].upper(), row["name"])) for row in top.values()]
    numbers = [number for number in found if number is not None]
    assert len(numbers) >= 150
    for number in numbers[::10]:
        query = {"bucket": "day", "interval": "all"}
        body = get(LUNAR, f"/api4/public/coins/{number}/time-series/v2", **query).json()
        assert len(body["data"]) > 150


def test_forty_have_a_chain(get, top):
    """A living chain of theirs, with hundreds of days of TVL."""
    chains = get(LLAMA, "/v2/chains").json()
    living = [c["name"] for c in chains if c["gecko_id"] in top and c["tvl"] > 0]
    owners = {c["gecko_id"] for c in chains if c["name"] in living}
    assert len(owners) >= 40
    long = sum(len(get(LLAMA, f"/v2/historicalChainTvl/{name}").json()) > 300 for name in living)
    assert long >= 40


def test_forty_have_a_protocol(get, top):
    """A protocol or family of theirs that is no custody and has a TVL."""
    parents = {}
    owners = set()
    for row in get(LLAMA, "/protocols").json():
        if row["category"] in CUSTODY or not row["tvl"]:
            continue
        owner = row["gecko_id"]
        if row.get("parentProtocol"):
            slug = row["parentProtocol"].removeprefix("parent#")
            if slug not in parents:
                answer = get(LLAMA, f"/protocol/{slug}")
                parents[slug] = answer.json()["gecko_id"] if answer.ok else None
            owner = parents[slug]
        owners.add(owner)
    assert len(owners & top.keys()) >= 40


def test_forty_have_a_dex_volume(get, top):
    """Through their chain alone, with hundreds of days."""
    names = get(LLAMA, "/overview/dexs", excludeTotalDataChartBreakdown="true").json()["allChains"]
    chains = {c["name"]: c["gecko_id"] for c in get(LLAMA, "/v2/chains").json()}
    owners = {chains[name] for name in names} & top.keys()
    assert len(owners) >= 40
    flags = {"excludeTotalDataChartBreakdown": "true"}
    for name in [name for name in names if chains[name] in top][::5]:
        body = get(LLAMA, f"/overview/dexs/{name}", **flags).json()
        assert len(body["totalDataChart"]) > 200
