"""Where DefiLlama's own token directory (2026-04-20) places the 200 largest, and where we do."""

from __future__ import annotations

import json

import pytest

from datalake_defillama.families import NOT_LOCKED

from .llama import Llama

#: Where the directory is wrong about a chain, or we cannot agree with it.
CHAIN_MISTAKES = {
    "binancecoin": "lacks BSC",
    "ripple": "lacks XRPL",
    "gnosis": "lacks Gnosis",
    "cosmos": "lacks CosmosHub",
    "kucoin-shares": "lacks KCC",
    "ethena-usde": "the chain of another project, whose fees are paid in USDe",
    "polkadot": "no longer in /v2/chains: nothing is left in its base figure",
    "celestia": "no longer in /v2/chains: nothing is left in its base figure",
}

#: Where the directory's number for a protocol is not a protocol that locks value.
PROTOCOL_MISTAKES = {
    # an organisation, a foundation or the chain's own entry
    **dict.fromkeys(
        ["bitcoin", "ethereum", "cardano", "avalanche-2", "near", "polygon-ecosystem-token"],
        "the chain or its organisation",
    ),
    **dict.fromkeys(["arbitrum", "aptos", "mantle", "celestia"], "the chain itself"),
    "gnosis": "the organisation",
    "sui": "the chain's own bridge",
    # deposits at an exchange
    **dict.fromkeys(["okb", "gatechain-token", "nexo"], "customers' deposits"),
    # a fund's or a token's own backing
    "blackrock-usd-institutional-digital-liquidity-fund": "the fund's own assets",
    "tether-gold": "the token's own backing",
    "ondo-finance": "the funds' own assets",
    "layerzero": "a bridge: counted where the coins go",
    "chainlink": "an oracle, its own staked token, and a bridge",
    "mantra-dao": "a lending market that was given up",
    # a number that none of DefiLlama's recorded lists of protocols, markets or fees has
    **dict.fromkeys(
        [
            *("binancecoin", "solana", "tron", "dogecoin", "canton-network", "litecoin"),
            *("hedera-hashgraph", "the-open-network", "bittensor", "polkadot", "filecoin"),
            *("internet-computer", "worldcoin-wld", "flare-networks", "official-trump"),
            *("xdce-crowd-sale", "pudgy-penguins", "tezos", "monad", "sei-network"),
        ],
        "no protocol of that number is recorded",
    ),
}

#: Found by the token that `/protocols` names, of which there is no whole recording since 2024-02.
NOT_RECORDED = {"rain", "world-liberty-financial", "virtual-protocol"}


@pytest.fixture(scope="module")
def llama(recordings, shipped):
    """What is recorded of DefiLlama."""
    return Llama(recordings / "defillama", shipped)


@pytest.fixture(scope="module")
def directory(recordings):
    """The rows of rank 200 and above, by asset."""
    path = recordings / "defillama" / "facts_token_directory_2026-04-20.json"
    rows = [row for row in json.loads(path.read_text()) if (row.get("mcap_rank") or 999) <= 200]
    assert len(rows) == 178
    return {row["gecko_id"]: row for row in rows}


def chains_apart(directory, llama):
    """The assets whose chain we place elsewhere."""
    for asset, row in directory.items():
        label = llama.labels.get(row.get("chainId"))
        if llama.chain(asset) != (label and f"chain:{label}"):
            yield asset


def protocols_apart(directory, llama):
    """The assets whose protocol we place elsewhere, of those that the recordings decide."""
    for asset, row in directory.items():
        number = str(row.get("protocolId") or "") or None
        if asset not in NOT_RECORDED and llama.number(llama.protocol(asset)) != number:
            yield asset


def agreement(directory, apart, mistakes):
    """The share of the directory's assets that are placed alike, its mistakes aside."""
    rest = set(directory) - set(mistakes) - NOT_RECORDED
    return 1 - len(rest & apart) / len(rest)


def test_chains_agree(directory, llama):
    """Wholly, known mistakes aside; and each of those is still one."""
    apart = set(chains_apart(directory, llama))
    assert apart == set(CHAIN_MISTAKES)
    assert agreement(directory, apart, CHAIN_MISTAKES) >= 0.98


def test_protocols_agree(directory, llama):
    """Wholly, known mistakes aside; and each of those is still one."""
    apart = set(protocols_apart(directory, llama))
    assert apart == set(PROTOCOL_MISTAKES)
    assert agreement(directory, apart, PROTOCOL_MISTAKES) >= 0.98


def test_places_are_many(directory, llama):
    """Agreement is not that of two empty lists: 35 chains and 18 protocols are the same in both."""
    chains = set(directory) - set(chains_apart(directory, llama))
    assert sum(llama.chain(asset) is not None for asset in chains) >= 35
    protocols = set(directory) - set(protocols_apart(directory, llama))
    assert sum(llama.protocol(asset) is not None for asset in protocols) >= 18


def test_the_mistakes_are_of_the_kind_that_is_told(directory, llama):
    """Custody, organisations and chains by DefiLlama's own category; else no trace of a number."""
    apart = {*NOT_LOCKED, "Oracle"}
    for asset, reason in PROTOCOL_MISTAKES.items():
        number = str(directory[asset]["protocolId"])
        meant = [row for row in llama.known.values() if number in (row.id, row.parent)]
        if reason == "no protocol of that number is recorded":
            assert not meant, asset
        elif asset != "mantra-dao":
            assert meant, asset
            assert {row.category for row in meant} <= apart, asset
