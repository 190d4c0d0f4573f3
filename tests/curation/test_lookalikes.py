"""Suggestions: only a price makes a variant, and what gains value is never one."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict

import pytest
import yaml

from datalake import Asset, CatalogueEntry
from datalake.curation.lookalikes import lookalikes
from datalake.curation.pasting import as_yaml
from datalake_aggregation import load_mapping, parse_mapping

from .conftest import HEAD, catalogue, coin, mapping

BITCOIN = coin("bitcoin", "btc", "Bitcoin", 100_000.0, 2e12)
ETHEREUM = coin("ethereum", "eth", "Ethereum", 2_000.0, 2e11)


def found(*coins, assets="", only=()):
    """The suggestions among these coins, by asset."""
    listed = catalogue(BITCOIN, ETHEREUM, *coins).coins
    return {one.asset: one for one in lookalikes(listed, mapping(assets), None, only)}


def test_a_wrapper_at_par_is_suggested_with_its_evidence():
    """Name, category, place and price, each in words."""
    one = coin("acme-btc", "acbtc", "Acme Wrapped BTC", 99_900.0, 1e9, ["wrapped"], base="0x1")
    (wrapped,) = found(one).values()
    assert (wrapped.canonical, wrapped.verdict) == ("bitcoin", "wrapped")
    assert wrapped.ratio == pytest.approx(0.999)
    told = "; ".join(reason.text for reason in wrapped.evidence)
    for words in ('"Acme Wrapped BTC" says wrapped', "filed under wrapped", "on base", "0.999"):
        assert words in told


@pytest.mark.parametrize("price", [90_000.0, 120_000.0, 5.0])
def test_what_is_not_at_par_is_not_suggested(price):
    """A name and a category are no proof."""
    assert found(coin("acme-btc", "acbtc", "Acme Wrapped BTC", price, 1e9, ["wrapped"])) == {}


def test_what_was_left_alone_on_purpose_is_not_offered_again():
    """At par, and still an asset of its own; the shipped mapping has reasons for such coins."""
    listed = catalogue(BITCOIN, coin("acme-btc", "a", "Acme Wrapped BTC", 99_900.0, 1e9)).coins
    assert lookalikes(listed, mapping(), None)
    left = parse_mapping(f"{HEAD}alone:\n  lends it out: [acme-btc]\n")
    assert left.alone == {"acme-btc": "lends it out"}
    assert lookalikes(listed, left, None) == []
    shipped = load_mapping()
    assert shipped.alone["wrapped-tao"] == "no proof that it is redeemable one to one"
    assert not {asset for asset in shipped.alone if shipped.canonical_of(asset) != asset}


def test_without_a_price_it_is_unproven():
    """It is listed, and never as a kind."""
    (one,) = found(coin("acme-btc", "acbtc", "Acme Wrapped BTC")).values()
    assert one.verdict == "unproven"


@pytest.mark.parametrize(
    "token",
    [
        coin("steth", "steth", "Lido Staked Ether", 2_000.0, 1e10, ["staked"]),
        coin("reth", "reth", "Rocket Pool ETH", 2_240.0, 1e9, ["staked"]),
        coin("aave-weth", "aweth", "Aave Wrapped ETH", 2_000.0, 1e9, ["wrapped"]),
        coin("sweth", "sweth", "Bridged Savings ETH", 2_000.0, 1e9, ["bridged"]),
    ],
    ids=lambda one: one.asset.id,
)
def test_what_gains_value_is_staked_even_at_par(token):
    """By its words or by its category; the price does not matter."""
    (one,) = found(token).values()
    assert (one.canonical, one.verdict) == ("ethereum", "staked")


def test_a_wrapper_of_what_gains_value_is_staked():
    """Bridged stETH is at par with ether today, and is no ether."""
    steth = coin("staked-ether", "steth", "Lido Staked Ether", 2_000.0, 1e10, ["staked"])
    bridged = coin("b-steth", "steth", "Acme Bridged stETH (Acme)", 2_000.0, 1e8, ["bridged"])
    listed = "  ethereum:\n    staked: [staked-ether]\n"
    one = found(steth, bridged, assets=listed)["b-steth"]
    assert (one.canonical, one.verdict) == ("ethereum", "staked")


def test_a_symbol_alone_says_nothing():
    """Dozens of coins share one."""
    assert found(coin("fake-btc", "btc", "Best Trade Coin", 100_000.0, 1e6)) == {}
    assert found(coin("wow", "weth", "World Ether", 2_000.0, 1e6)) == {}


def test_a_shared_contract_tells():
    """Two ids of one contract are one token."""
    usdc = coin("usd-coin", "usdc", "USDC", 1.0, 1e10, base="0xaa")
    twin = coin("usdc-base", "usdbc", "USD Base Coin", 1.0, 1e8, base="0xaa")
    one = found(usdc, twin)["usdc-base"]
    assert one.canonical == "usd-coin"
    assert any("same contract on base" in reason.text for reason in one.evidence)


def test_the_largest_of_one_name_is_meant():
    """A copycat with the same symbol is not what the wrapper wraps."""
    copy = coin("copy-btc", "btc", "Bitcoin", 1.0, 1e6)
    assert found(copy, coin("w", "wbtc", "Wrapped BTC", 1.0, 1e6, ["wrapped"])) == {}


def test_a_closed_bridge_is_never_suggested():
    """At par or not."""
    token = coin("mc", "wbtc", "Multichain Bridged WBTC (Fantom)", 100_000.0, 1e6, ["bridged"])
    (one,) = found(token).values()
    assert one.verdict == "unproven"
    assert any("closed" in reason.text for reason in one.evidence)


def test_what_the_mapping_names_is_not_suggested_again():
    """Under whatever kind; and `only` narrows to a family."""
    token = coin("acme-btc", "acbtc", "Acme Wrapped BTC", 100_000.0, 1e9, ["wrapped"])
    assert found(token, assets="  bitcoin:\n    staked: [acme-btc]\n") == {}
    assert found(token, only=["ethereum"]) == {}
    assert set(found(token, only=["bitcoin"])) == {"acme-btc"}


def test_the_yaml_can_be_pasted():
    """It loads over the mapping, keeps what that had, and adds what was found."""
    shipped = mapping("  bitcoin:\n    wrapped: [wrapped-bitcoin]\n")
    token = coin("acme-btc", "acbtc", "Acme Wrapped BTC", 100_000.0, 1e9, ["wrapped"])
    odd = coin("1e3", "wbtc", "Other Wrapped BTC", 100_000.0, 1e9, ["wrapped"])
    unproven = coin("dim", "dbtc", "Dim Wrapped BTC")
    coins = catalogue(BITCOIN, token, odd, unproven).coins
    text = as_yaml(lookalikes(coins, shipped, None), shipped, "Held against nothing.")
    laid = parse_mapping(text, "pasted.yaml", shipped)
    members = [member.asset for member in laid.variants["bitcoin"]]
    assert members == ["wrapped-bitcoin", "1e3", "acme-btc"]
    assert "#   dim for bitcoin" in text
    assert max(map(len, text.splitlines())) <= 100


def test_nothing_found_is_a_mapping_too():
    """An empty suggestion loads."""
    assert yaml.safe_load(as_yaml([], mapping(), "")) == {"version": 1}


@pytest.fixture(scope="module")
def recorded(recordings):
    """CoinGecko's list of August 2025 with platforms, categories of July, and prices."""
    folder = recordings / "coingecko"
    with gzip.open(folder / "coins_list__include_platform__2025-08-03.json.gz") as stream:
        listed = json.load(stream)
    categories = json.loads((folder / "category_membership__derived__2025-07.json").read_text())
    names = {
        "Wrapped-Tokens": "wrapped",
        "Bridged-Tokens": "bridged",
        "Liquid Staking Tokens": "staked",
    }
    groups = defaultdict(set)
    for category, group in names.items():
        for one in categories[category]:
            groups[one].add(group)
    rows = {}
    for name in ("usd_p1_pp250_precfull__2025-02-09", "usd_p1_pp100__2025-08-01"):
        for row in json.loads((folder / f"coins_markets__{name}.json").read_text()):
            rows.setdefault(row["id"], row)
    entries = {}
    for one in listed:
        row = rows.get(one["id"], {})
        entries[one["id"]] = CatalogueEntry(
            asset=Asset(
                one["id"],
                one["symbol"],
                one["name"],
                row.get("market_cap"),
                row.get("current_price"),
            ),
            platforms={
                chain: where for chain, where in one["platforms"].items() if chain and where
            },
            groups=frozenset(groups[one["id"]]),
        )
    return entries


def test_on_the_recorded_list_what_is_suggested_is_right(recorded):
    """The shipped mapping is the yardstick: forgotten whole, most of its variants that have a
    price are found again, and nothing else is called wrapped or bridged."""
    truth = {
        member.asset: (canonical, member.kind)
        for canonical, members in load_mapping().variants.items()
        for member in members
    }
    suggested = lookalikes(recorded, parse_mapping(HEAD), None)
    folded = {one.asset: one for one in suggested if one.verdict in ("wrapped", "bridged")}
    wrong = {
        asset: one
        for asset, one in folded.items()
        if truth.get(asset, ("", "staked"))[0] != one.canonical or truth[asset][1] == "staked"
    }
    assert wrong == {}
    priced = {
        asset
        for asset, (canonical, kind) in truth.items()
        if kind in ("wrapped", "bridged")
        and asset in recorded
        and recorded[asset].asset.price
        and recorded.get(canonical)
        and recorded[canonical].asset.price
    }
    assert len(priced) >= 15
    assert len(folded) >= 0.8 * len(priced)
