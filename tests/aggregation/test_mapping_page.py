"""What docs/reference/mapping.md tells is what the language has and what the fold does."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from attrs import fields_dict

from datalake_aggregation import MappingError, aggregate, load_mapping, parse_mapping
from datalake_aggregation.columns import HEADS
from datalake_aggregation.mapping import KINDS
from datalake_aggregation.reading import SECTIONS
from datalake_aggregation.schema import ColumnEntry, GuardEntry, OverrideEntry

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "mapping.md"
TEXT = PAGE.read_text(encoding="utf-8")
DAY = date(2024, 2, 29)


def blocks(language):
    """The blocks of code in one language, in their order."""
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def table(heading):
    """The rows under a table's heading, as lists of cells without their backquotes."""
    body = re.search(rf"^\| {heading} \|.*\n\|[ -|]*\n((?:\|.*\n)+)", TEXT, re.MULTILINE)[1]
    return [
        [cell.strip().strip("`") for cell in line.split("|")[1:-1]] for line in body.splitlines()
    ]


@pytest.fixture(scope="module")
def plugin():
    """The plugin of the page, as an author would have pasted it."""
    names = {}
    exec(blocks("python")[0], names)
    return names


@pytest.fixture(scope="module")
def reducers(plugin):
    """The reducers that it registers."""
    return plugin["register_reducers"]()


def whole(block):
    """A part of a mapping file as a file."""
    return block if block.startswith("version") else f"version: 1\n{block}"


@pytest.mark.parametrize("block", [block for block in blocks("yaml") if "nativ}" not in block])
def test_each_example_loads(block, reducers, shipped):
    """Each piece of YAML is one that can be pasted into a file of one's own."""
    mapping = parse_mapping(whole(block), "mine.yaml", shipped, reducers=reducers)
    assert mapping != shipped


def test_the_mistake_is_told_as_the_page_says(shipped):
    """The message under the wrong example is what a reader of that example sees."""
    (wrong,) = [block for block in blocks("yaml") if "nativ}" in block]
    with pytest.raises(MappingError) as caught:
        parse_mapping(whole(wrong), "mine.yaml", shipped)
    assert list(caught.value.problems) == blocks("text")[0].splitlines()


@pytest.mark.parametrize(("rule", "meaning", "usual", "without"), table("rule"))
def test_each_rule_gives_what_the_page_says(rule, meaning, usual, without, reducers):
    """The four members of the page, folded by each rule, with native's value and without it."""
    mapping = parse_mapping(
        f"version: 1\ncolumns:\n  value: {{source: a.b.c, {rule[1:-1]}}}\n"
        "  volume: {source: a.b.c, sum: members}\n"
        "assets: {coin: {wrapped: [wcoin], bridged: [bcoin], migrated: [oldcoin]}}",
        reducers=reducers,
    )
    members = table("member")
    for expected, known in ((usual, True), (without, False)):
        frame = pl.DataFrame(
            {
                "date": [DAY] * 4,
                "asset": [name for name, *_ in members],
                "value": [
                    float(value) if known or name != "coin" else None
                    for name, _, value, _ in members
                ],
                "volume": [float(volume) for *_, volume in members],
            }
        )
        (cell,) = aggregate(frame, mapping)["value"]
        assert cell == (None if expected == "null" else pytest.approx(float(expected)))
    assert parse_mapping("version: 1", over=mapping).columns["value"].text == rule
    kinds = {member.asset: member.kind for member in mapping.members("coin")}
    assert kinds == {name: kind for name, kind, *_ in members}


def test_every_word_of_the_language_is_on_the_page():
    """Sections, kinds, the words of rules and bounds, and what the guard takes."""
    code = " ".join([*re.findall(r"`([^`\n]+)`", TEXT), *blocks("yaml")])
    words = {
        name.rstrip("_") for entry in (ColumnEntry, OverrideEntry) for name in fields_dict(entry)
    }
    words |= {*HEADS, *(word for more in HEADS.values() for word in more), *fields_dict(GuardEntry)}
    words |= {*SECTIONS, *KINDS, "largest-volume", "members", "native"}
    assert words <= set(re.findall(r"[a-z_-]+", code))
    assert [row[0] for row in table("section")] == [name for name in SECTIONS if name != "version"]
    assert tuple(row[0] for row in table("kind")) == KINDS
    shown = {word for rule, *_ in table("rule") for word in re.findall(r"(\w+):", rule)}
    assert shown == {*HEADS, *(word for more in HEADS.values() for word in more)}


def test_reducers_are_handed_in_as_the_page_says(plugin, tmp_path, monkeypatch):
    """The second piece of Python runs beside a file that names the reducer."""
    monkeypatch.chdir(tmp_path)
    (example,) = [block for block in blocks("yaml") if "reduce: spread, of" in block]
    (tmp_path / "mine.yaml").write_text(whole(example))
    names = dict(plugin)
    exec(blocks("python")[1], names)
    frame = pl.DataFrame(
        {"date": [DAY] * 2, "asset": ["weth", "ethereum"], "price_spread": [10.5, 10.0]}
    )
    assert names["aggregate"](frame, names["mapping"])["price_spread"].to_list() == [0.5]


def test_the_shipped_file_says_the_same_of_its_kinds():
    """The head of the YAML names the kinds of the page, in their order."""
    path = PAGE.parents[2] / "aggregation" / "datalake_aggregation" / "canonical_mapping.yaml"
    head = path.read_text(encoding="utf-8").split("\nversion: 1")[0]
    assert tuple(re.findall(r"^#   (\w+)  +", head, re.MULTILINE)) == KINDS
    assert load_mapping().merge == KINDS[:-1]
