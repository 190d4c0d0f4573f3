"""Findings on a mapping that loads: each with its line, its level and a remedy."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from datalake.cache import AssetCache, SeriesKey
from datalake.curation.lint import Known, lint, unoffered
from datalake.curation.prices import Prices
from datalake.models import Window
from datalake.plugins import load
from datalake.stores import open_store
from datalake_aggregation import load_mapping, parse_mapping

from .conftest import NOW, catalogue, coin, mapping

COINS = catalogue(
    coin("bitcoin", "btc", "Bitcoin", 100_000.0, 2e12),
    coin("wrapped-bitcoin", "wbtc", "Wrapped Bitcoin", groups=["wrapped"], secondary=True),
    coin("steth", "steth", "Lido Staked Ether", groups=["staked"], secondary=True),
    coin("arb-steth", "steth", "Arbitrum Bridged stETH", groups=["bridged"], secondary=True),
)
TYPO = "  bitcoin:\n    wrapped: [wrapped-bitcoim]\n"


def said(found):
    """Level, line and text of each finding."""
    return [(one.level, one.where.line, f"{one.what}; {one.todo}") for one in found]


def test_an_unknown_id_is_an_error_in_ones_own_file():
    """With its line, and what was probably meant; in the shipped one it is a warning."""
    ((level, line, text),) = said(lint(mapping(TYPO), Known(COINS), "mine.yaml"))
    assert (level, line) == ("error", 9)
    assert '"wrapped-bitcoim" is not among the 4 coins of acme' in text
    assert 'did you mean "wrapped-bitcoin"?' in text
    ((level, _, _),) = said(lint(mapping(TYPO), Known(COINS)))
    assert level == "warning"


def test_only_the_files_own_entries_are_looked_at():
    """What another file says is not this reader's to correct."""
    assert lint(mapping(TYPO), Known(COINS), "other.yaml") == []


def test_without_a_list_no_id_is_unknown():
    """And without anything nothing is found."""
    assert lint(mapping(TYPO), Known()) == []


def test_a_retired_id_whose_history_is_held_is_no_finding():
    """An id that a coin migrated from leaves the list one day."""
    old = mapping("  bitcoin:\n    migrated: [old-bitcoin]\n")
    assert lint(old, Known(COINS, {"old-bitcoin"})) == []
    assert len(lint(old, Known(COINS))) == 1


def test_a_simulated_market_lacks_coins_that_exist():
    """Those are no mistakes; what nobody knows still is one."""
    text = "  bitcoin:\n    wrapped: [wrapped-bitcoim, real-but-not-simulated]\n"
    known = Known(COINS, exist={"real-but-not-simulated"})
    ((_, _, says),) = said(lint(mapping(text), known, "mine.yaml"))
    assert says.startswith('"wrapped-bitcoim" is not among')


def test_a_rule_that_adds_what_is_nowhere():
    """For all assets, and for one; with the line of the rule."""
    rule = "{source: a.b.c, from: native, plus: migrated}"
    head = f"columns: {{cap: {rule}}}\nassets:\n  bitcoin: {{wrapped: [wrapped-bitcoin]}}\n"
    ((level, line, says),) = said(lint(mapping_of(head), Known()))
    assert (level, line) == ("warning", 2)
    assert "the rule of cap adds migrated variants, and the mapping folds none" in says
    more = "  ether: {migrated: [old-ether]}\n"
    own = "overrides:\n  bitcoin: {cap: {from: native, plus: [wrapped, migrated]}}\n"
    ((_, line, says),) = said(lint(mapping_of(head + more + own), Known(), "mine.yaml"))
    assert (line, says.split(";")[0]) == (
        7,
        "the rule of cap adds migrated variants, and bitcoin has none",
    )
    unmerged = f"merge: [wrapped]\n{head}{more}"
    assert len(lint(mapping_of(unmerged), Known())) == 1


def mapping_of(text):
    """A mapping of this text."""
    return parse_mapping(f"version: 1\n{text}", "mine.yaml")


def test_a_native_that_nobody_knows():
    """A slip in its id takes the variants away from the asset that was meant."""
    slip = "  bitcoim:\n    wrapped: [wrapped-bitcoin]\n"
    ((level, _, text),) = said(lint(mapping(slip), Known(COINS), "mine.yaml"))
    assert level == "error"
    assert '"bitcoim" is not among the 4 coins of acme' in text


def test_a_native_that_is_somebodys_token():
    """It is one of another asset; one that is staked may have variants of its own."""
    wrapped = "  wrapped-bitcoin:\n    bridged: [bitcoin]\n"
    ((_, line, text),) = said(lint(mapping(wrapped), Known(COINS), "mine.yaml"))
    assert line == 9
    assert '"wrapped-bitcoin" is native here, but acme files it under wrapped' in text
    unlisted = "  steth:\n    bridged: [arb-steth]\n"
    ((_, _, text),) = said(lint(mapping(unlisted), Known(COINS), "mine.yaml"))
    assert "acme leaves it out of its list" in text
    staked = f"  bitcoin:\n    staked: [steth]\n{unlisted}"
    assert lint(mapping(staked), Known(COINS), "mine.yaml") == []


def test_a_variant_without_data():
    """Only where a run has asked for the family; staked ones are never asked for."""
    family = "  bitcoin:\n    wrapped: [wrapped-bitcoin]\n    staked: [steth]\n"
    ((level, line, text),) = said(lint(mapping(family), Known(COINS, {"bitcoin"}), "mine.yaml"))
    assert (level, line) == ("warning", 9)
    assert 'the lake holds prices of bitcoin, and none of "wrapped-bitcoin"' in text
    assert lint(mapping(family), Known(COINS, {"ethereum"}), "mine.yaml") == []


@pytest.fixture
def prices(tmp_path):
    """Makes a lake of prices of bitcoin and of one variant at a given ratio, and reads it."""
    registry = load()
    dataset = registry.provider("coingecko").dataset("market")
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(60)]
    window = Window(days[0], days[-1] + timedelta(days=1))
    bitcoin = [100_000.0 * (1 + 0.01 * (n % 7)) for n in range(60)]

    def make(ratios, known=60):
        cache = AssetCache(open_store(str(tmp_path / "lake"), {}), clock=lambda: NOW)
        for asset, values in {
            "bitcoin": bitcoin,
            "wrapped-bitcoin": [one * ratio for one, ratio in zip(bitcoin, ratios, strict=True)],
        }.items():
            frame = pl.DataFrame({"date": days, "price": values}).with_columns(
                market_cap=pl.lit(1.0), volume=pl.lit(1.0)
            )
            table = frame.tail(known).to_arrow()
            cache.put(SeriesKey("coingecko", "market", asset), dataset, asset, table, window)
        return Prices(cache, registry, FAMILY)

    return make


FAMILY = mapping("  bitcoin:\n    wrapped: [wrapped-bitcoin]\n")
HELD = {"bitcoin", "wrapped-bitcoin"}


def test_a_variant_that_is_not_at_par(prices):
    """For good, not for some days: the median counts."""
    apart = Known(COINS, HELD, prices([1.2] * 60))
    ((level, line, text),) = said(lint(FAMILY, apart, "mine.yaml"))
    assert (level, line) == ("error", 9)
    assert '"wrapped-bitcoin" stands at 1.200 of the price of bitcoin' in text
    assert "median of 60 days to 2026-03-01" in text
    assert "list it under staked" in text


@pytest.mark.parametrize("ratios", [[1.0] * 60, [1.04] * 60, [1.0] * 40 + [0.5] * 20])
def test_a_variant_at_par(prices, ratios):
    """Within the guard's tolerance; a peg that was lost lately is the guard's business."""
    assert lint(FAMILY, Known(COINS, HELD, prices(ratios)), "mine.yaml") == []


def test_a_few_days_prove_nothing(prices):
    """A coin of two weeks is not judged."""
    assert lint(FAMILY, Known(COINS, HELD, prices([1.2] * 60, known=14)), "mine.yaml") == []


def test_likeness(prices):
    """Ratio, spread and how they move together."""
    found = prices([1.2, 1.22] * 30).likeness("wrapped-bitcoin", "bitcoin")
    assert found.ratio == pytest.approx(1.21)
    assert found.spread == pytest.approx(0.01)
    assert 0.5 < found.correlation <= 1
    assert found.days == 60
    assert found.through == date(2026, 3, 1)


def test_a_source_that_no_provider_offers():
    """What a run refuses is an error here, all of it, in one's own file only."""
    text = (
        "version: 1\ncolumns:\n  close: {source: coingecko.market.prise, from: native}\n"
        "  fees: {source: [acme.fees.paid, coingecko.markets.fees], sum: members}\n"
        "native_ids: {lunarcrush.socials: {bitcoin: 1}}\n"
    )
    mine = parse_mapping(text, "mine.yaml")
    found = said(unoffered(mine, load(), "mine.yaml"))
    assert [(level, line) for level, line, _ in found] == [("error", 3), ("error", 4), ("error", 0)]
    assert found[0][2] == "coingecko.market has no column 'prise'; did you mean 'price'?"
    assert found[1][2].startswith("there is no dataset 'coingecko.markets'; did you mean")
    rules = parse_mapping(text[: text.index("native_ids")], "mine.yaml")
    assert list(unoffered(rules, load(), "other.yaml")) == []
    assert list(unoffered(load_mapping(), load())) == []
