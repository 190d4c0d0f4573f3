"""The vendors' own Python clients work against the sandbox, and see what they know."""

from __future__ import annotations

import pytest

coingecko_sdk = pytest.importorskip("coingecko_sdk", reason="the extra `dev` brings coingecko-sdk")
defillama_sdk = pytest.importorskip("defillama_sdk", reason="the extra `dev` brings defillama-sdk")

PRO = "https://pro-api.coingecko.com"
PUBLIC = "https://api.coingecko.com"


@pytest.fixture
def coingecko(sandbox):
    """The paid client, strict about the shape of answers, pointed at loopback."""
    with coingecko_sdk.Coingecko(
        pro_api_key=sandbox.environment["COINGECKO_PRO_API_KEY"],
        environment="pro",
        base_url=sandbox.hosts[PRO] + "/api/v3",
        max_retries=0,
        _strict_response_validation=True,
    ) as client:
        yield client


def test_coingeckos_client_reads_markets_and_charts(coingecko):
    """Typed answers, validated by the client's own models."""
    assert coingecko.ping.get().gecko_says
    rows = coingecko.coins.markets.get(vs_currency="usd", per_page=250)
    assert len(rows) == 250
    assert rows[0].id == "bitcoin"
    chart = coingecko.coins.market_chart.get("bitcoin", vs_currency="usd", days="365")
    assert len(chart.prices) == 366
    window = {"from_": "1780000000", "to": "1790000000"}
    ranged = coingecko.coins.market_chart.get_range("bitcoin", vs_currency="usd", **window)
    assert len(ranged.prices) > 100


def test_coingeckos_client_reads_candles_and_coins(coingecko):
    """OHLC, a coin's page and the lists."""
    candles = coingecko.coins.ohlc.get("bitcoin", vs_currency="usd", days="30", interval="daily")
    assert len(candles) == 30
    assert coingecko.coins.get_id("ethereum").symbol == "eth"
    assert len(coingecko.coins.list.get(include_platform=True)) > 300
    assert coingecko.key.get().rate_limit_request_per_minute == 500


def test_coingeckos_client_understands_refusals(sandbox):
    """Its exceptions are those of the real statuses."""
    with (
        coingecko_sdk.Coingecko(
            demo_api_key="CG-wrong",
            environment="demo",
            base_url=sandbox.hosts[PUBLIC] + "/api/v3",
            max_retries=0,
        ) as client,
        pytest.raises(coingecko_sdk.AuthenticationError),
    ):
        client.ping.get()


@pytest.fixture
def llama(sandbox, monkeypatch):
    """DefiLlama's client with its table of addresses pointed at loopback."""
    from defillama_sdk import client as module

    free = sandbox.hosts["https://api.llama.fi"]
    monkeypatch.setitem(module.BASE_URLS, "main", free)
    monkeypatch.setitem(module.BASE_URLS, "pro", sandbox.hosts["https://pro-api.llama.fi"])
    return defillama_sdk.DefiLlama({"api_key": sandbox.environment["DEFILLAMA_API_KEY"]})


def test_defillamas_client_reads_tvl(llama):
    """Protocols, chains and histories."""
    assert any(row["slug"] == "lido" for row in llama.tvl.getProtocols())
    assert llama.tvl.getProtocol("lido")["tvl"]
    assert llama.tvl.getTvl("lido") > 1e9
    assert any(row["name"] == "BSC" for row in llama.tvl.getChains())
    assert len(llama.tvl.getHistoricalChainTvl("Ethereum")) > 3_000


def test_defillamas_client_reads_volumes(llama):
    """The overview, one chain's, and one protocol's."""
    assert llama.volumes.getDexOverview()["total24h"] > 1e9
    assert llama.volumes.getDexOverviewByChain("BSC")["chain"] == "BSC"
    assert llama.volumes.getDexSummary("uniswap")["name"] == "Uniswap"


def test_defillamas_client_understands_refusals(llama):
    """An unknown name is an ApiError with the vendor's words."""
    with pytest.raises(defillama_sdk.ApiError, match="Bad Request") as raised:
        llama.tvl.getProtocol("no-such-protocol")
    assert "Protocol not found" in repr(vars(raised.value))
