"""From assets to DefiLlama's chains, families and protocols, on recorded lists."""

from __future__ import annotations

import msgspec
import pytest

from datalake_defillama.lists import Chain, Market, Markets, Protocol
from datalake_defillama.parents import PARENTS
from datalake_defillama.resolve import Found, find, largest_chain, listed


def chains(path):
    return msgspec.json.decode(path.read_bytes(), type=list[Chain])


def markets(real, day="2026-04-25"):
    path = real / "defillama" / f"overview_dexs_{day}.json"
    return msgspec.json.decode(path.read_bytes(), type=Markets)


def protocol(slug, gecko_id=None, parent=None, category="Dexs", tvl=1.0, number="1", **more):
    """A row of `/protocols`, written by hand in the recorded shape."""
    return Protocol(number, slug, gecko_id, category, tvl, parent and f"parent#{parent}", **more)


@pytest.mark.parametrize(
    ("asset", "name"),
    [
        ("binancecoin", "chain:BSC"),  # not `Binance`, which is dead and comes second
        ("optimism", "chain:OP Mainnet"),
        ("bitcoin-cash", "chain:Bitcoincash"),
        ("iota", "chain:IOTA"),
        ("ethereum", "chain:Ethereum"),
        ("hyperliquid", "chain:Hyperliquid L1"),
        ("uniswap", None),
    ],
)
def test_a_coin_has_the_largest_chain_of_its_name(real, asset, name):
    """In every recorded list of 2026 the rule gives the living chain, whatever the order."""
    paths = sorted((real / "defillama").glob("v2_chains_2026-0*.json"))
    assert len(paths) == 5
    for path in paths:
        assert largest_chain(asset, chains(path)) == name, path.name
        assert largest_chain(asset, reversed(chains(path))) == name, path.name


def test_the_coin_that_pays_the_fees_owns_no_chain(real):
    """`gasTokenGeckoId` names ether for Base and Ink: their value is not Ethereum's."""
    rows = chains(real / "defillama" / "v2_chains_2026-10-09.excerpt.json")
    assert any(row.name == "Ink" for row in rows)
    assert largest_chain("ethereum", [row for row in rows if row.name != "Ethereum"]) is None
    assert largest_chain("bitcorn-3", rows) is None


def test_recorded_protocols(real):
    """OKB is not the deposits at OKX; Aave is its family; Lido is itself."""
    path = real / "defillama" / "protocols_2026-10-04.excerpt.json"
    rows = msgspec.json.decode(path.read_bytes(), type=list[Protocol])
    assert find("okb", rows) is None
    assert find("aave", rows) == Found("parent", "parent#aave", "aave")
    assert find("lido-dao", rows) == Found("protocol", "182", "lido")
    assert find("binancecoin", rows) is None
    assert find("bitcoin", rows) is None


def test_the_member_that_carries_the_token_stands_for_its_family():
    """A family that is not in our list is found by the member that carries its token."""
    rows = [
        protocol("newswap-v2", "new-token", "newswap", tvl=3.0),
        protocol("newswap-v3", None, "newswap", tvl=900.0),
    ]
    assert "new-token" not in PARENTS
    assert find("new-token", rows) == Found("parent", "parent#newswap", "newswap")


@pytest.mark.parametrize(
    ("slug", "gecko_id", "parent"),
    [
        ("sperax-usd", "sperax-usd", "sperax"),  # named like the asset: its own token
        ("frax-ether", "frax-ether", "frax-finance"),  # the family has another name
        ("penrose", "penrose-finance", "sphere"),
    ],
)
def test_a_member_with_a_token_of_its_own_is_itself(slug, gecko_id, parent):
    """Real members of families (server lists of 2024-02) whose token is not the family's."""
    found = find(gecko_id, [protocol(slug, gecko_id, parent)])
    assert found == Found("protocol", "1", slug)


def test_a_family_is_called_by_its_slug_not_by_its_id():
    """`parent#maker` is `sky` in paths: rows of 2026 say so in `parentProtocolSlug`."""
    rows = [protocol("sky-lending", None, "maker", category="CDP", parent_slug="sky")]
    found = find("sky", rows)
    assert found.native_id == "parent:sky"
    assert found.id == "parent#maker"


def test_a_family_that_is_no_longer_listed_is_not_asked_for():
    """Our list of families may go stale; `/protocols` of the day decides."""
    assert find("uniswap", [protocol("something-else")]) is None


def test_of_several_protocols_the_largest_carries_the_token():
    """Whatever the order of the list."""
    rows = [
        protocol("old", "some-token", tvl=1.0, number="1"),
        protocol("main", "some-token", tvl=9.0, number="2"),
        protocol("new", "some-token", tvl=None, number="3"),
    ]
    assert find("some-token", rows) == Found("protocol", "2", "main")
    assert find("some-token", rows[::-1]) == Found("protocol", "2", "main")


def test_a_family_of_custodians_is_no_family():
    """Chainlink's family, were bridges all that it has, would hold nothing of its own."""
    rows = [protocol("chainlink-ccip", None, "chainlink", category="Bridge")]
    assert PARENTS["chainlink"] == "chainlink"
    assert find("chainlink", rows) is None


@pytest.mark.parametrize(
    "category", ["CEX", "Chain", "Bridge", "Canonical Bridge", "RWA", "Services", "Foundation"]
)
def test_custody_is_not_value_locked(category):
    """What these hold is not locked in a protocol of the token."""
    assert find("some-token", [protocol("some", "some-token", category=category)]) is None


def test_recorded_markets_of_families_and_protocols(real):
    """Uniswap's family and Pendle trade; Ether.fi's volume is that of its cards."""
    for day in ("2026-04-25", "2026-05-19", "2026-07-09"):
        rows = markets(real, day)
        assert listed(Found("parent", "parent#uniswap", "uniswap"), rows) == "parent:uniswap"
        assert listed(Found("protocol", "382", "pendle"), rows) == "protocol:pendle"
        assert listed(Found("parent", "parent#ether-fi", "ether-fi"), rows) is None
        assert listed(Found("protocol", "182", "lido"), rows) is None


def test_the_names_of_chains_are_those_of_the_dex_list(real):
    """`/v2/chains` and `allChains` use one vocabulary: BNB and OP are found in both."""
    folder = real / "defillama"
    names = markets(real).chains
    rows = [row for row in chains(folder / "v2_chains_2026-04-25.json") if row.name in names]
    found = {asset: largest_chain(asset, rows) for asset in ("binancecoin", "optimism", "solana")}
    assert found == {
        "binancecoin": "chain:BSC",
        "optimism": "chain:OP Mainnet",
        "solana": "chain:Solana",
    }


def test_volume_counted_elsewhere_is_nobody_s():
    """A front end, or a row that DefiLlama marks as counted twice, has no volume of its own."""
    rows = [
        Market("1", "bot", "Telegram Bot"),
        Market("2", "twice", "Dexs", doublecounted=True),
        Market("3", "dex", "Dexes"),
    ]
    found = [
        listed(Found("protocol", str(number), ""), Markets(set(), rows)) for number in (1, 2, 3)
    ]
    assert found == [None, None, "protocol:dex"]
