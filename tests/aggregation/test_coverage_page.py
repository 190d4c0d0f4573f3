"""`docs/explanation/coverage.md` says what the recordings say: its tables are computed here."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import yaml

from datalake import Asset
from datalake_defillama.parents import PARENTS
from datalake_lunarcrush.lists import Coin
from datalake_lunarcrush.resolve import match

from .llama import Llama
from .test_directory import (
    CHAIN_MISTAKES,
    NOT_RECORDED,
    PROTOCOL_MISTAKES,
    agreement,
    chains_apart,
    protocols_apart,
)
from .test_variants import folded, precision, recall

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "coverage.md"
LISTS = {
    "2022-08-30": "p1_pp250__2022-08-30",
    "2024-01-23": "top200__2024-01-23",
    "2025-02-09": "p1_pp250_precfull__2025-02-09",
    "2026-02-04": "p1_pp100__2026-02-04",
    "2026-04-03": "p1_pp250__2026-04-03",
}
UNCOVERED = "reviewed_uncovered.yaml"


def rows_of(folder, name):
    content = json.loads((folder / f"coins_markets__usd_{name}.json").read_text())
    return content if isinstance(content, list) else next(iter(content.values()))


def kinds(mapping):
    """How many assets and variants the mapping has."""
    found = Counter(m.kind for members in mapping.variants.values() for m in members)
    yield f"| assets that have any | {len(mapping.variants)} |"
    for kind in ("wrapped", "bridged", "migrated"):
        yield f"| {kind}: folded | {found[kind]} |"
    yield f"| staked: listed, never folded | {found['staked']} |"


def lists(folder, mapping, true):
    """For each list: its size, its variants, and what the mapping does with them."""
    for day, name in LISTS.items():
        rows = rows_of(folder, name)
        ids = {row["id"] for row in rows}
        volume = sum(row["total_volume"] or 0 for row in rows if row["id"] in true) / 1e6
        right, found = precision(mapping, true, ids), recall(mapping, true, rows)
        yield (
            f"| {day} | {len(rows)} | {len(ids & set(true))} | {len(ids & set(folded(mapping)))} "
            f"| {volume:,.0f} | {right:.0%} | {found:.0%} |"
        )


def datasets(llama, mapping, assets):
    """For each dataset of DefiLlama: how many of the assets it covers, and by what."""
    for name, resolve in (
        ("chain_tvl", llama.chain),
        ("protocol_tvl", llama.protocol),
        ("dex_volume", llama.volume),
    ):
        named = {asset for asset, value in mapping.native_ids[f"defillama.{name}"].items() if value}
        found = {asset for asset in assets if resolve(asset)}
        yield (
            f"| `{name}` | {len(found)} | {len(found & named)} | {len(found - named)} "
            f"| {len(assets) - len(found)} |"
        )


def places(llama, assets):
    """Each asset that DefiLlama covers, and under which names."""
    for asset in assets:
        names = [llama.chain(asset), llama.protocol(asset), llama.volume(asset)]
        if any(names):
            yield f"| `{asset}` | {' | '.join(f'`{n}`' if n else '' for n in names)} |"


def without(llama, assets):
    """The assets that DefiLlama has nothing of."""
    return [a for a in assets if not (llama.chain(a) or llama.protocol(a) or llama.volume(a))]


def uncovered():
    """Those of which it has nothing, by why; judged by hand."""
    for reason, ids in yaml.safe_load(Path(__file__).with_name(UNCOVERED).read_text()).items():
        yield f"- {reason}: " + ", ".join(f"`{asset}`" for asset in ids)


def directory_lines(directory, llama):
    """How far we agree with DefiLlama's own directory."""
    for name, apart, mistakes in (
        ("chains", set(chains_apart(directory, llama)), CHAIN_MISTAKES),
        ("protocols", set(protocols_apart(directory, llama)), PROTOCOL_MISTAKES),
    ):
        aside = len(NOT_RECORDED) if name == "protocols" else 0
        share = agreement(directory, apart, mistakes)
        yield f"| {name} | {len(directory)} | {len(mistakes)} | {aside} | {share:.0%} |"


def families(folder):
    """How many of the provider's families DefiLlama's server named of the same token in 2024."""
    told = json.loads((folder / "facts_server_parent_protocols_2024-02-09.json").read_text())
    tokens = {row["id"]: row["gecko_id"] for row in told}
    same = sum(tokens.get(f"parent#{slug}") == asset for asset, slug in PARENTS.items())
    yield f"of the provider's {len(PARENTS)} families, {same} bore the"


def alone(folder, assets):
    """How many of the assets LunarCrush's rule can tell from 18,610 coins by symbol and name."""
    dump = json.loads((folder / "all_coins_rank_dump__2026-08-22.json").read_text())
    coins = (
        dump if isinstance(dump, list) else next(v for v in dump.values() if isinstance(v, list))
    )
    there = {coin["id"]: coin for coin in coins}
    alike = defaultdict(list)
    for coin in coins:
        alike[coin["symbol"].lower()].append(coin)
    for asset in assets:
        coin = there[asset]
        known = Asset(asset, symbol=coin["symbol"], name=coin["name"], market_cap=1.0)
        rows = [
            Coin(number, other["symbol"], other["name"], 1.0)
            for number, other in enumerate(alike[coin["symbol"].lower()])
        ]
        yield asset, match(known, rows) is not None


@pytest.fixture(scope="module")
def assets(recordings):
    """The 200 largest of the last recorded list."""
    return [row["id"] for row in rows_of(recordings / "coingecko", LISTS["2026-04-03"])][:200]


@pytest.fixture(scope="module")
def lines(recordings, shipped, assets):
    """All that the page must say."""
    reviewed = yaml.safe_load(Path(__file__).with_name("reviewed_variants.yaml").read_text())
    true = {
        asset: (native, kind)
        for native, of_kind in reviewed["variants"].items()
        for kind, ids in of_kind.items()
        for asset in ids
    }
    llama = Llama(recordings / "defillama", shipped)
    path = recordings / "defillama" / "facts_token_directory_2026-04-20.json"
    rows = [row for row in json.loads(path.read_text()) if (row.get("mcap_rank") or 999) <= 200]
    directory = {row["gecko_id"]: row for row in rows}
    told = dict(alone(recordings / "coingecko", assets))
    return [
        *kinds(shipped),
        *lists(recordings / "coingecko", shipped, true),
        *directory_lines(directory, llama),
        *families(recordings / "defillama"),
        *datasets(llama, shipped, assets),
        *places(llama, assets),
        *uncovered(),
        f"LunarCrush: {sum(told.values())} of {len(told)}",
    ]


def test_the_page_says_what_is_computed(lines):
    """Line by line; to write it anew, print what is missing."""
    page = PAGE.read_text(encoding="utf-8")
    missing = [line for line in lines if line not in page]
    assert not missing, "\n".join(missing)


def test_what_is_not_covered_is_judged(recordings, shipped, assets):
    """Each asset that DefiLlama has nothing of stands under a reason, and no other."""
    llama = Llama(recordings / "defillama", shipped)
    reasons = yaml.safe_load(Path(__file__).with_name(UNCOVERED).read_text())
    judged = [asset for ids in reasons.values() for asset in ids]
    assert sorted(judged) == sorted(without(llama, assets))
