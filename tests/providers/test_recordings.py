"""The recorded answers, served over sockets to the real client: providers against real bodies."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date, datetime, timezone
from itertools import islice

import pytest

from datalake import Asset, NotFound, Window
from datalake.client import HttpClient
from datalake.series import to_series
from datalake_coingecko import MARKET
from datalake_coingecko import register_providers as coingecko
from datalake_defillama import CHAIN_TVL, DEX_VOLUME, PROTOCOL_TVL
from datalake_defillama import register_providers as defillama
from datalake_sandbox import Sandbox

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
YEAR = Window(date(2025, 3, 15), date(2026, 3, 15))


@pytest.fixture(scope="module")
def clients(real):
    """Keyless CoinGecko and free DefiLlama, as they were recorded."""
    with ExitStack() as stack:
        server = stack.enter_context(Sandbox(clock=NOW, recordings=real))
        opened = {}
        for (provider,) in (coingecko(), defillama()):
            client = HttpClient(
                provider,
                provider.plans[-1],
                clock=lambda: NOW,
                origins=server.hosts,
                rate_scale=server.rate_scale,
            )
            opened[provider.name] = stack.enter_context(client)
        yield opened


def test_the_recorded_universe(clients):
    """The first page is 250 coins in order, none a wrapped one since 2026-02-04."""
    (provider,) = coingecko()
    ids = [asset.id for asset in islice(provider.universe(None, clients["coingecko"]), 250)]
    assert ids[:3] == ["bitcoin", "ethereum", "tether"]
    assert len(set(ids)) == 250
    assert not {"wrapped-bitcoin", "weth", "wrapped-steth"} & set(ids)


def test_only_named_assets_come_of_a_page_that_holds_more(clients):
    """The recording answers with its whole page, whatever ids were asked for."""
    (provider,) = coingecko()
    found = provider.universe(["aave", "bitcoin"], clients["coingecko"])
    assert [asset.id for asset in found] == ["bitcoin", "aave"]


def test_a_recorded_coin(clients):
    """A year of Aave; the row of 2026-03-14 is the last closed one."""
    raw = MARKET.fetch("aave", YEAR, clients["coingecko"])
    days = to_series(MARKET, raw, now=NOW).table["date"].to_pylist()
    assert days[0] == YEAR.start
    assert days[-2:] == [date(2026, 3, 14), date(2026, 3, 15)]
    assert len(days) == 366


def test_a_coin_that_was_not_recorded(clients):
    """Is unknown, as CoinGecko says it."""
    with pytest.raises(NotFound):
        MARKET.fetch("no-such-coin", YEAR, clients["coingecko"])


def test_recorded_names_of_defillama(clients):
    """Chains, families and protocols of the recorded lists; nothing for OKB and Tether."""
    client = clients["defillama"]

    def names(dataset, *assets):
        return [dataset.resolve(Asset(asset), client) for asset in assets]

    assert names(CHAIN_TVL, "binancecoin", "optimism", "okb") == [
        "chain:BSC",
        "chain:OP Mainnet",
        None,
    ]
    assert names(PROTOCOL_TVL, "aave", "lido-dao", "okb") == [
        "parent:aave",
        "protocol:lido",
        None,
    ]
    assert names(DEX_VOLUME, "binancecoin", "aptos", "tether") == ["chain:BSC", "chain:Aptos", None]


def test_only_chains_with_a_listed_volume_have_one(clients):
    """The Cosmos Hub has a value locked and no DEX that is listed."""
    client = clients["defillama"]
    cosmos = Asset("cosmos")
    assert CHAIN_TVL.resolve(cosmos, client) == "chain:CosmosHub"
    assert DEX_VOLUME.resolve(cosmos, client) is None


def test_a_recorded_chain(clients):
    """A name with a blank in its path; the values of a closed day are the recorded ones."""
    later = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
    raw = CHAIN_TVL.fetch("chain:OP Mainnet", YEAR, clients["defillama"])
    table = to_series(CHAIN_TVL, raw, now=later).table
    assert table["date"][-1].as_py() == date(2026, 5, 1)
    assert table["tvl"][0].as_py() > 0


def test_a_chain_that_was_not_recorded(clients):
    """Is unknown, as DefiLlama says it."""
    with pytest.raises(NotFound):
        CHAIN_TVL.fetch("chain:No Such Chain", YEAR, clients["defillama"])
