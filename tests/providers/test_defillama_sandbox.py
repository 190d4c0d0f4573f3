"""DefiLlama end to end: the real client, over sockets, on both plans."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice

import numpy as np
import pytest

from datalake import Asset, NotFound, Window
from datalake.series import to_series
from datalake_coingecko import register_providers as coingecko
from datalake_defillama import CHAIN_TVL, DEX_VOLUME, PROTOCOL_TVL, register_providers

(DEFILLAMA,) = register_providers()
(COINGECKO,) = coingecko()
TODAY = date(2026, 3, 15)
EVER = Window(date(2014, 1, 1), TODAY)
PLANS = ["pro", "free"]
DATASETS = {dataset.name: dataset for dataset in DEFILLAMA.datasets}


def series(dataset, native_id, client):
    """What the framework would keep of a fetch: closed days."""
    table = to_series(dataset, dataset.fetch(native_id, EVER, client), now=client.now).table
    return table.filter(np.array(table["date"].to_pylist()) < TODAY)


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize(
    ("dataset", "asset", "native_id"),
    [
        (CHAIN_TVL, "ethereum", "chain:Ethereum"),
        (CHAIN_TVL, "binancecoin", "chain:BSC"),
        (CHAIN_TVL, "optimism", "chain:OP Mainnet"),
        (CHAIN_TVL, "uniswap", None),
        (PROTOCOL_TVL, "aave", "parent:aave"),
        (PROTOCOL_TVL, "uniswap", "parent:uniswap"),
        (PROTOCOL_TVL, "lido-dao", "protocol:lido"),
        (PROTOCOL_TVL, "okb", None),
        (PROTOCOL_TVL, "bitcoin", None),
        (DEX_VOLUME, "solana", "chain:Solana"),
        (DEX_VOLUME, "optimism", "chain:OP Mainnet"),
        (DEX_VOLUME, "uniswap", "parent:uniswap"),
        (DEX_VOLUME, "tether", None),
    ],
)
def test_names_and_their_series(connect, plan, dataset, asset, native_id):
    """Each kind of name is found, and its path brings closed days with values."""
    client = connect(DEFILLAMA, plan)
    assert dataset.resolve(Asset(asset), client) == native_id
    if native_id:
        table = series(dataset, native_id, client)
        (column,) = dataset.columns
        assert table["date"][-1].as_py() == TODAY - timedelta(days=1)
        assert table[column][0].as_py() > 0
        assert table.num_rows > 100


def test_both_plans_bring_the_same(connect):
    """The pro host has the same paths below its key."""
    for dataset, native_id in (
        (CHAIN_TVL, "chain:Ethereum"),
        (PROTOCOL_TVL, "protocol:lido"),
        (DEX_VOLUME, "chain:Solana"),
    ):
        pro, free = (series(dataset, native_id, connect(DEFILLAMA, plan)) for plan in PLANS)
        assert pro.equals(free)


@pytest.mark.parametrize(
    ("dataset", "native_id"),
    [
        (CHAIN_TVL, "chain:No Such Chain"),
        (PROTOCOL_TVL, "protocol:no-such-protocol"),
        (DEX_VOLUME, "protocol:lido"),
    ],
)
def test_an_unknown_name_is_not_found(connect, dataset, native_id):
    """In whichever way the server says it, at once and for this asset alone."""
    client = connect(DEFILLAMA, "free")
    with pytest.raises(NotFound):
        dataset.fetch(native_id, EVER, client)
    assert client.stats.retries == 0


def test_the_lists_are_asked_for_once(connect):
    """Resolving the top 200 in three datasets costs three calls, and finds what there is."""
    top = list(islice(COINGECKO.universe(None, connect(COINGECKO, "pro")), 200))
    client = connect(DEFILLAMA, "free")
    found = {
        name: [asset.id for asset in top if dataset.resolve(asset, client)]
        for name, dataset in DATASETS.items()
    }
    assert client.stats.calls == 3
    assert {name: len(ids) >= 40 for name, ids in found.items()} == dict.fromkeys(DATASETS, True)
