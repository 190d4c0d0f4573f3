"""`datalake explain` as a person types it."""

from __future__ import annotations

import json

import pytest

from .conftest import TINY, Line, session

FILE = ["--output", "data.parquet", "--cache", "lake"]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What command lines said of one small file, each by its name."""
    folder = tmp_path_factory.mktemp("explain")
    file = ["--output", str(folder / "data.parquet"), "--cache", str(folder / "lake")]
    lines = {
        "made": [*TINY, *file, "--quiet"],
        "text": ["explain", "dogecoin", "volume", *file],
        "json": ["explain", "dogecoin", "volume", *file, "--format", "json"],
        "no cache": ["explain", "dogecoin", "volume", *file[:2]],
        "variant": ["explain", "binance-peg-dogecoin", "close", *file, "--date", "2026-03-10"],
        "null": ["explain", "dogecoin", "chain_tvl", *file],
        "typo": ["explain", "dogecoin", "volumes", *file],
        "no file": ["explain", "dogecoin", "volume", "--output", "none.parquet"],
        "not ours": ["explain", "dogecoin", "volume", "--output", "notes.txt"],
        "pruned": ["cache", "prune", "--older", "1h", "--cache", str(folder / "lake")],
        "gone": ["explain", "dogecoin", "volume", *file],
    }
    files = {"notes.txt": "mine"}
    asked = {name: Line(line, files=files) for name, line in lines.items()}
    return session(folder, asked)


def test_a_number_explained(told):
    """The value, the rule and its line, the members, where they came from, and the verdict."""
    out = told["text"].out
    assert told["text"].code == 0
    assert out.startswith("dogecoin volume on 2026-03-14: ")
    assert "rule {sum: members} (canonical_mapping.yaml:" in out
    assert "binance-peg-dogecoin" in out
    assert "From coingecko.market, as the cache had it" in out
    assert "equal to what is published" in out


def test_the_cache_is_the_one_that_the_run_used(told):
    """Its report names it."""
    assert told["no cache"].out == told["text"].out


def test_for_programs(told):
    """`value`, `rule` and `members`, with every digit and every object."""
    found = json.loads(told["json"].out)
    assert found["rule"] == "{sum: members}"
    assert found["value"] == found["recomputed"] > 0
    assert found["equal"] is True
    members = {one["asset"]: one for one in found["members"]}
    whole = sum(one["value"] for one in members.values() if one["entered"])
    assert whole == pytest.approx(found["value"])
    (series,) = members["dogecoin"]["series"]
    assert series["object"].endswith("asset=dogecoin/series.parquet")
    assert series["native_id"] == "dogecoin"
    assert series["how"] == "fetched"
    assert series["learnt_at"] == found["as_of"] == "2026-03-15T10:30:00+00:00"


def test_a_variant_means_its_canonical_asset(told):
    """And what the rule does not take is named."""
    out = told["variant"].out
    assert "binance-peg-dogecoin is folded into dogecoin" in out
    assert "not taken by the rule (" in out


def test_no_value_has_a_reason(told):
    """A null cell is explained, too."""
    assert told["null"].code == 0
    assert ": null\n" in told["null"].out
    assert "no member whose value the rule takes has one" in told["null"].out


def test_what_cannot_be_explained(told):
    """A slip of the hand is exit 2 with a hint; what is gone is said, and is exit 1."""
    assert [told[name].code for name in ("typo", "no file", "not ours")] == [2, 2, 2]
    assert "did you mean 'volume'" in told["typo"].err
    assert "datalake run` makes one" in told["no file"].err
    assert "cannot be read" in told["not ours"].err
    assert told["pruned"].code == 0
    assert told["gone"].code == 1
    assert "It cannot be recomputed" in " ".join(told["gone"].out.split())
