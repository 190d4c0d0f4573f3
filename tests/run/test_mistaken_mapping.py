"""What a user's mapping gets wrong is told before any call, not published as a column of nulls."""

from __future__ import annotations

from datetime import date

import pytest

from datalake import ConfigError
from datalake.running.folding.limits import _material
from datalake_aggregation import load_mapping, parse_mapping

FIRST, LATER = date(2026, 3, 10), date(2026, 3, 12)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "columns:\n  volume: {source: coingecko.markets.volume, sum: members}\n",
            r"mine.yaml:3: there is no dataset 'coingecko.markets'; did you mean 'coing",
        ),
        (
            "columns:\n  close: {source: coingecko.market.prise, from: native}\n",
            r"mine.yaml:3: coingecko.market has no column 'prise'; did you mean 'price'",
        ),
        (
            "columns:\n  volume: {source: coingeko.market.volume, sum: members}\n",
            r"mine.yaml:3: there is no dataset 'coingeko.market'; did you mean 'coing",
        ),
        (
            "native_ids:\n  lunarcrush.socials: {bitcoin: 1}\n",
            r"the mapping, native_ids: there is no dataset 'lunarcrush.socials'; did you mean",
        ),
    ],
)
def test_a_name_that_nobody_offers(sandbox_run, tmp_path, text, told):
    """Providers, datasets and columns, in rules and in names of assets."""
    (tmp_path / "mine.yaml").write_text(f"version: 1\n{text}")
    with pytest.raises(ConfigError, match=told):
        sandbox_run(mapping=tmp_path / "mine.yaml")


def test_a_provider_that_is_not_installed_is_passed_over(sandbox_run, tmp_path):
    """A file may name what only some installations have."""
    (tmp_path / "mine.yaml").write_text(
        "version: 1\ncolumns:\n  fees: {source: acme.fees.paid, from: native}\n"
    )
    assert sandbox_run(mapping=tmp_path / "mine.yaml").exit == 0


def test_many_small_parts_are_a_large_one():
    """Each of thirty late variants may be next to nothing; together they hold the sum back."""
    assert _material([(0.009, FIRST)]) == []
    assert _material([(0.009, FIRST)] * 30) == [FIRST] * 29
    assert _material([(0.001, FIRST), (1.0, LATER)]) == [LATER]
    assert _material([]) == []


def laid(text):
    return parse_mapping(f"version: 1\n{text}".encode(), "mine.yaml", load_mapping())


def test_the_guard_has_the_prices_that_it_needs():
    """Also where close itself is native's alone, from a dataset of its own."""
    mapping = laid("columns:\n  close: {source: lunarcrush.social.close, from: native}\n")
    assert mapping.needs_members("close", "bitcoin", ["close", "volume"])
    assert not mapping.needs_members("close", "bitcoin", ["close", "chain_tvl"])


def test_a_rule_for_ever():
    """`9999-12-31` is a way to say so."""
    rule = "{from: native, since: 2024-01-01, until: 9999-12-31}"
    mapping = laid(f"overrides:\n  bitcoin:\n    volume: [{rule}]\n")
    rules = list(mapping.rules_for("volume", "bitcoin", date(2025, 1, 1)))
    assert [one.text for one in rules] == [rule]


def test_a_tolerance_that_sees_no_collapse():
    """5 is five hundred per cent."""
    with pytest.raises(ValueError, match=r"above 0 and below 1; 0.05 stands for 5 %"):
        laid("guard: {tolerance: 5}\n")
