"""A user's own rules in a run: what is fetched for them, and what is withheld because of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from .conftest import AS_OF, Run

NEXT = AS_OF + timedelta(days=1)
MARKET = {"assets": ["ethereum"], "datasets": ["coingecko.market"]}
BROKEN = ["coins/weth/market_chart=string"]
Write = Callable[[str], Path]


@pytest.fixture
def mine(tmp_path: Path) -> Write:
    """Write a mapping of one's own."""

    def write(text: str) -> Path:
        path = tmp_path / "mine.yaml"
        path.write_text(f"version: 1\n{text}\n")
        return path

    return write


def test_where_native_is_all_no_variant_is_asked_for(sandbox_run: Run, mine: Write) -> None:
    """An asset whose rules need no variants costs one series, however many it has."""
    usual = sandbox_run(**MARKET)
    rules = "{close: {from: native}, volume: {from: native}, market_cap: {from: native}}"
    own = sandbox_run(**MARKET, mapping=mine(f"overrides: {{ethereum: {rules}}}"))
    assert usual.report.providers["coingecko"]["series"] > 5
    assert own.report.providers["coingecko"]["series"] == 1
    assert own.rows is not None
    assert own.rows["volume"].null_count() == 0


def test_variants_are_asked_for_where_one_asset_needs_them(sandbox_run: Run, mine: Write) -> None:
    """A sum of chain TVL for one asset brings its variants' series, and nobody else's."""
    wanted = {"assets": ["bitcoin", "tron"], "datasets": ["coingecko.market", "lunarcrush.social"]}
    text = "overrides: {tron: {lc_sentiment: {max: members}}}"
    asked = {}
    for name, mapping in (("usual", None), ("own", mine(text))):
        report = sandbox_run(**wanted, mapping=mapping).report
        social = report.providers["lunarcrush"]
        asked[name] = social["series"] + len(social["uncovered"])
    members = 1 + len(report.mapping["folded"]["tron"])
    assert asked == {"usual": 2, "own": 1 + members}


def test_a_rule_of_its_own_decides_what_is_withheld(sandbox_run: Run, mine: Write) -> None:
    """Native's volume alone does not hang on wrapped ether, of which the last day is missing."""
    whole = sandbox_run(**MARKET)
    late = {"as_of": NEXT, "sandbox_faults": ["coins/weth/market_chart=503"]}
    last = {}
    for name, rule in (
        ("usual", "{sum: members}"),
        ("own", "{from: native, since: 2026-02-01}"),
        ("over", "{from: native, until: 2026-03-14}"),
    ):
        mapping = mine(f"overrides: {{ethereum: {{volume: {rule}}}}}")
        rows = sandbox_run(**MARKET, **late, mapping=mapping).rows
        assert rows is not None
        last[name] = rows.drop_nulls("volume")["date"].max()
    assert whole.rows is not None
    assert whole.rows["date"].max() == date(2026, 3, 14)
    assert last == {
        "usual": date(2026, 3, 14),
        "own": date(2026, 3, 15),
        "over": date(2026, 3, 14),
    }


def test_a_mean_is_withheld_without_the_weight_of_a_large_member(
    sandbox_run: Run, mine: Write
) -> None:
    """Whose weight is not known would silently drop out of it; a small one may."""
    text = "columns: {close: {source: coingecko.market.price, mean: members, weight: volume}}"
    whole = sandbox_run(**MARKET, mapping=mine(text))
    broken = sandbox_run(**MARKET, mapping=mine(text), cache="memory:", sandbox_faults=BROKEN)
    assert whole.rows is not None
    assert whole.rows["close"].null_count() == 0
    # without a single close there is nothing to publish
    assert broken.rows is None or broken.rows["close"].is_null().all()


def test_a_second_source_goes_on_where_the_first_one_ended(sandbox_run: Run, mine: Write) -> None:
    """Day by day: the first source as far as it goes, then the second; nothing is withheld."""
    text = "columns: {close: {source: [coingecko.market.price, lunarcrush.social.close], from: native, else: largest-volume}}"  # noqa: E501
    wanted = {
        "assets": ["ethereum"],
        "datasets": ["coingecko.market", "lunarcrush.social"],
        "mapping": mine(text),
    }
    first = sandbox_run(**wanted)
    second = sandbox_run(**wanted, as_of=NEXT, sandbox_faults=["coins/ethereum/market_chart=503"])
    assert first.rows is not None
    assert second.rows is not None
    assert second.rows["date"].max() == date(2026, 3, 15)
    assert second.rows["close"].null_count() == 0
    assert second.rows.drop_nulls("volume")["date"].max() == date(2026, 3, 14)
    before = second.rows.filter(pl.col("date") <= date(2026, 3, 14))
    assert before["close"].equals(first.rows["close"])


def test_the_file_says_by_which_rules_it_came_about(sandbox_run: Run, mine: Write) -> None:
    """In its metadata, for each column: the usual rule, and those of single assets."""
    text = "overrides: {ethereum: {volume: {from: native, since: 2026-02-01}}}"
    result = sandbox_run(**MARKET, mapping=mine(text))
    path = Path(result.report.output["path"])
    columns = json.loads(pq.read_metadata(path).metadata[b"datalake.columns"])
    assert (
        columns["volume"]["rule"] == "{sum: members}; ethereum: {from: native, since: 2026-02-01}"
    )
    assert columns["market_cap"]["rule"].startswith("{from: native, plus: migrated}; kaia: {")
