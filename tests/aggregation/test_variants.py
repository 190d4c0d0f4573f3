"""The mapping's yardstick: every coin of the recorded lists that looks like a variant, judged."""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from datetime import date
from importlib.resources import files
from itertools import combinations
from pathlib import Path

import pytest
import yaml

from datalake_aggregation import parse_mapping

#: What the name of a coin in other clothes says.
NAMES = re.compile(
    r"wrapp|bridg|\bpeg\b|wormhole|portal|stak(ed|ing)|restak|liquid|saving|vault|legacy|migrat"
    r"|\bold\b|\bex-|prev\.|(btc|eth|sol|usdt|usdc|dai)\d?$",
    re.IGNORECASE,
)
#: CoinGecko's categories of them.
CATEGORIES = re.compile(
    r"Wrapped|^Bridged|Binance-Peg|Liquid Stak(ed|ing Tokens)|Liquid Restak(ed|ing Tokens)"
    r"|Yield-Bearing|LP Tokens|Tokenized BTC"
)
#: Before or behind the symbol of what they stand for.
CLOTHES = re.compile(r"^(w|c|b|h|f|t|s|st|cb|we|r|m|k|jup|jito|bn|ez|os|ls|eth)|0$|\.[eb]$")


@pytest.fixture(scope="module")
def lists(recordings):
    """The recorded lists of the largest coins, each in its order: {file: rows}."""
    found = {}
    for path in sorted((recordings / "coingecko").glob("coins_markets__usd_*.json")):
        if "category" not in path.name and "ids-3" not in path.name:
            content = json.loads(path.read_text())
            rows = content if isinstance(content, list) else next(iter(content.values()))
            found[path.name] = rows
    assert len(found) == 43
    return found


@pytest.fixture(scope="module")
def reviewed():
    """What each was judged to be: {id: (native, kind)}, and who is neither."""
    content = yaml.safe_load(Path(__file__).with_name("reviewed_variants.yaml").read_text())
    true = {
        asset: (native, kind)
        for native, kinds in content["variants"].items()
        for kind, ids in kinds.items()
        for asset in ids
    }
    others = set(content["gains"]) | set(content["apart"])
    return true, set(content["gains"]), others


@pytest.fixture(scope="module")
def largest(recordings):
    """The 600 largest coins of 2026-04-20 with those that CoinGecko's lists leave out."""
    path = recordings / "defillama" / "facts_token_directory_2026-04-20.json"
    rows = [row for row in json.loads(path.read_text()) if row.get("mcap_rank")]
    found = sorted((row for row in rows if row["mcap_rank"] <= 600), key=lambda r: r["mcap_rank"])
    assert len(found) > 500
    return [{"id": row.pop("gecko_id"), **row} for row in found]


def folded(mapping):
    """Return {variant: (native, kind)} of all that a mapping folds."""
    return {m.asset: (c, m.kind) for c in mapping.variants for m in mapping.members(c)[1:]}


def precision(mapping, true, listed):
    """The share of what is folded of a list that is rightly so, by number."""
    found = {asset: where for asset, where in folded(mapping).items() if asset in listed}
    right = [asset for asset, where in found.items() if true.get(asset) == where]
    return len(right) / len(found) if found else 1.0


def recall(mapping, true, listed):
    """The share of the variants of a list that is folded, by volume."""
    volumes = {row["id"]: row["total_volume"] or 0 for row in listed if row["id"] in true}
    found = [volume for asset, volume in volumes.items() if asset in folded(mapping)]
    return sum(found) / sum(volumes.values()) if any(volumes.values()) else 1.0


def by_name(lists):
    """Who calls itself so, in a name or in its id."""
    for rows in lists.values():
        for row in rows:
            if NAMES.search(row["name"]) or NAMES.search(row["id"].replace("-", " ")):
                yield row["id"]


def by_category(recordings):
    """Whom CoinGecko puts under such a category (2024-04 and 2025-07), or leaves out (2026-02)."""
    folder = recordings / "coingecko"
    for row in json.loads((folder / "top200_with_categories__2024-04-08.json").read_text()):
        if any(CATEGORIES.search(name) for name in row["category"] or []):
            yield row["coingecko_id"]
    path = folder / "category_membership__derived__2025-07.json"
    for name, ids in json.loads(path.read_text()).items():
        if CATEGORIES.search(name):
            yield from ids
    path = folder / "rehypothecated_dropped__derived__2026-02.json"
    yield from (row["id"] for row in json.loads(path.read_text())["gone"])


def by_symbol(lists):
    """Who bears the symbol of a larger coin, or that and a letter or two."""
    for rows in lists.values():
        larger = set()
        for row in rows:
            symbol = row["symbol"].lower()
            if symbol in larger or CLOTHES.sub("", symbol, count=1) in larger:
                yield row["id"]
            larger.add(symbol)


def by_price(lists):
    """Who costs the same, to 2 %, as a larger coin in each list that has both.

    Three lists at least, or one for coins above 50 dollars; not for those of about a dollar.
    """
    near, seen = defaultdict(int), defaultdict(int)
    dear = set()
    for rows in lists.values():
        priced = [row for row in rows if row["current_price"]]
        for larger, smaller in combinations(priced, 2):
            pair, price = (larger["id"], smaller["id"]), larger["current_price"]
            seen[pair] += 1
            if abs(price - 1) > 0.05 and abs(smaller["current_price"] / price - 1) < 0.02:
                near[pair] += 1
            if price > 50:
                dear.add(pair)
    for pair, count in near.items():
        if count == seen[pair] and (count >= 3 or pair in dear):
            yield pair[1]


def test_every_suspect_is_judged(lists, recordings, reviewed):
    """Names, categories, symbols and prices point at 90 coins or so; each has a verdict."""
    true, _, others = reviewed
    listed = {row["id"] for rows in lists.values() for row in rows}
    suspects = {*by_name(lists), *by_category(recordings), *by_symbol(lists), *by_price(lists)}
    suspects &= listed
    assert len(suspects) > 85
    assert suspects - set(true) - others == set()
    assert set(true) & others == set()


def test_every_suspect_of_the_largest_is_judged(largest, reviewed):
    """The same for the 600 largest of 2026-04, by name and symbol."""
    true, _, others = reviewed
    suspects = {*by_name({"": largest}), *by_symbol({"": largest})}
    assert len(suspects) > 120
    assert suspects - set(true) - others == set()


def test_the_mapping_folds_just_what_was_judged_one_to_one(lists, largest, reviewed, shipped):
    """Of all these: each variant under its native and its kind, and nothing else."""
    true, *_ = reviewed
    listed = {row["id"] for rows in (*lists.values(), largest) for row in rows}
    found = {asset: where for asset, where in folded(shipped).items() if asset in listed}
    assert found == true


def test_nothing_judged_to_gain_value_is_folded(reviewed, shipped):
    """What accrues is an asset of its own."""
    _, gains, others = reviewed
    assert len(gains) > 40
    assert others & set(folded(shipped)) == set()


def test_precision_is_whole_and_recall_by_volume_at_least_95_percent(lists, reviewed, shipped):
    """In each list on its own."""
    true, *_ = reviewed
    for name, rows in lists.items():
        assert precision(shipped, true, {row["id"] for row in rows}) == 1.0, name
        assert recall(shipped, true, rows) >= 0.95, name


@pytest.mark.parametrize(
    "line", ["      - wrapped-bitcoin\n", "      - usdt0\n", "    wrapped: [wbnb]\n"]
)
def test_the_yardstick_sees_a_variant_that_is_missing(line, lists, reviewed):
    """Taken out of the file, it is missed in some list."""
    text = files("datalake_aggregation").joinpath("canonical_mapping.yaml").read_text()
    assert line in text
    mapping = parse_mapping(text.replace(line, "", 1), "without.yaml")
    assert min(recall(mapping, reviewed[0], rows) for rows in lists.values()) < 0.95


def test_the_yardstick_sees_a_staked_token_that_is_folded(lists, reviewed):
    """Moved from staked to wrapped, it costs precision."""
    text = files("datalake_aggregation").joinpath("canonical_mapping.yaml").read_text()
    text = text.replace("      - lombard-staked-btc\n", "", 1)
    text = text.replace("    wrapped:\n", "    wrapped:\n      - lombard-staked-btc\n", 1)
    mapping = parse_mapping(text, "moved.yaml")
    listed = {row["id"] for rows in lists.values() for row in rows}
    assert precision(mapping, reviewed[0], listed) < 1.0


def test_no_contract_belongs_to_two_members(recordings, shipped):
    """By platforms: what one of a group is, no other of it is, nor the native."""
    path = recordings / "coingecko" / "coins_list__include_platform__2025-08-03.json.gz"
    with gzip.open(path) as stream:
        coins = {coin["id"]: set(coin["platforms"].items()) for coin in json.load(stream)}
    for native in shipped.variants:
        members = [m.asset for m in shipped.members(native) if m.asset in coins]
        for one, two in combinations(members, 2):
            assert not coins[one] & coins[two], (native, one, two)


def test_caps_are_added_only_where_the_supply_is_split(lists, shipped):
    """Once the new coin is listed, the former id's market cap is added to it for MATIC alone.

    Beside it in a list, the two supplies make one; Klaytn's and Kaia's are each the whole.
    """
    seen, added = set(), set()
    for name, rows in lists.items():
        day = date.fromisoformat(re.findall(r"\d{4}-\d\d-\d\d", name)[0])
        here = {row["id"]: row for row in rows}
        for former, (native, kind) in folded(shipped).items():
            if kind != "migrated" or native not in here:
                continue
            if "plus" in shipped.rule_for("market_cap", native, day).text:
                added.add(native)
            if former in here:
                both = sum(here[i]["circulating_supply"] for i in (former, native))
                seen.add((native, both <= 1.01 * here[native]["total_supply"]))
    assert added == {"polygon-ecosystem-token"}
    assert seen == {("polygon-ecosystem-token", True), ("kaia", False)}


def test_no_variant_lives_on_dead_chains_alone(recordings, shipped):
    """By the chains that DefiLlama had given up by 2026-09 (Polygon zkEVM, Moonbeam, Saga …)."""
    told = (recordings / "defillama" / "sdk_chain_labels_5.0.235.json").read_text()
    dead = {key.replace("_", "-") for key in json.loads(told)["deadChains"]}
    dead -= {"zksync"}  # ZKsync Lite; CoinGecko's `zksync` is Era
    path = recordings / "coingecko" / "coins_list__include_platform__2025-08-03.json.gz"
    with gzip.open(path) as stream:
        coins = {coin["id"]: set(coin["platforms"]) for coin in json.load(stream)}
    assert coins["polygon-hermez-bridged-usdt-polygon-zkevm"] <= dead
    for asset in folded(shipped):
        assert not coins.get(asset) or coins[asset] - dead, asset
