"""What names say: of the wrapper, of what is in it, and of those that gain value."""

from __future__ import annotations

import pytest

from datalake.curation.names import bare_symbols, broken, kind_of, stands_for


@pytest.mark.parametrize(
    ("name", "coin_id", "kind"),
    [
        ("Wrapped Bitcoin", "wrapped-bitcoin", "wrapped"),
        ("Coinbase Wrapped BTC", "coinbase-wrapped-btc", "wrapped"),
        ("Arbitrum Bridged WETH (Arbitrum One)", "arbitrum-bridged-weth", "bridged"),
        ("Binance-Peg Dogecoin", "binance-peg-dogecoin", "bridged"),
        ("Ethereum (Wormhole)", "ethereum-wormhole", "bridged"),
        ("Vaultbridge Bridged USDC (Katana)", "vaultbridge-bridged-usdc-katana", "bridged"),
        # what gains value is staked, whatever else its name says
        ("Lido Staked Ether", "staked-ether", "staked"),
        ("Bridged Wrapped Lido Staked Ether (Scroll)", "bridged-wrapped-lido-staked", "staked"),
        ("Astrid Restaked cbETH", "astrid-restaked-cbeth", "staked"),
        ("Aave v3 WBTC", "aave-v3-wbtc", "staked"),
        ("Savings Dai", "savings-dai", "staked"),
        ("Alpha WETH Vault", "alpha-weth-vault", "staked"),
        ("Bitcoin", "bitcoin", None),
        ("Pegasus", "pegasus", None),
        ("Wrap Protocol", "wrap-protocol", None),
    ],
)
def test_kind(name, coin_id, kind):
    """By whole words of the name or of the id."""
    assert kind_of(name, coin_id) == kind


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Arbitrum Bridged WETH (Arbitrum One)", "weth"),
        ("Bridged Wrapped Bitcoin (Scroll)", "wrapped bitcoin"),
        ("Wrapped Bitcoin", "wrapped bitcoin"),
        ("Binance-Peg Dogecoin", "dogecoin"),
        ("Lido Staked Ether", "lido staked ether"),
    ],
)
def test_what_a_name_stands_for(name, first):
    """The likeliest name first, what is left without any wrapper last."""
    words = list(stands_for(name))
    assert words[0] == first
    assert not {"wrapped", "bridged", "staked"} & set(words[-1].split())


def test_a_plain_name_stands_for_nothing():
    """Most coins are nobody's wrapper."""
    assert list(stands_for("Bitcoin Cash")) == []


def test_symbols():
    """A wrapper's letter is taken off; "st" is not one: stETH is no ETH."""
    assert list(bare_symbols("weth")) == ["eth"]
    assert list(bare_symbols("usdc.e")) == ["usdc"]
    assert list(bare_symbols("steth")) == []
    assert list(bare_symbols("wx")) == []


def test_broken_bridges():
    """Their tokens are called like any other."""
    assert broken("Multichain Bridged USDC (Fantom)", "multichain-bridged-usdc") == "multichain"
    assert broken("Bridged USDC (Polygon PoS Bridge)", "bridged-usdc-polygon") is None
    assert broken("Render", "render-token") is None
