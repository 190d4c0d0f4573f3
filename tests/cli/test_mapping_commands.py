"""`datalake mapping` as a person types it; what it says of data is held against real runs."""

from __future__ import annotations

import json

import polars as pl
import pytest

from .conftest import Line, session

RUN = [
    *["run", "--sandbox", "--providers", "coingecko", "--top", "9", "--cache", "lake"],
    *["--since", "2026-02-01", "--as-of", "2026-03-15T10:30Z", "--quiet"],
]
EDIT = """version: 1
columns:
  volume: {source: coingecko.market.volume, from: native}
assets:
  bitcoin:
    wrapped: [wrapped-bitcoin]
  tether:
    migrated: [figure-heloc]
"""
WRONG = "version: 1\nassets:\n  bitcoin:\n    wraped: [weth]\n"
TYPO = "version: 1\nassets:\n  bitcoin:\n    wrapped: [wrapped-bitcoim]\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A lake that a run has made, published with the shipped mapping and with the edit."""
    folder = tmp_path_factory.mktemp("mapping")
    lake = str(folder / "lake")
    run = [lake if word == "lake" else word for word in RUN]
    offline = [*run, "--offline", "--output"]
    (folder / "edit.yaml").write_text(EDIT)
    edited = ["--mapping", str(folder / "edit.yaml"), "--force-publish", "an edit"]
    done = session(
        folder,
        {
            "made": Line([*run, "--output", str(folder / "x.parquet")]),
            "shipped": Line([*offline, str(folder / "before.parquet")]),
            "edited": Line([*offline, str(folder / "after.parquet"), *edited]),
        },
    )
    # the edit folds one of nine assets into another: the list has then one too few
    assert [one.code for one in done.values()] == [0, 0, 3], done
    return folder


@pytest.fixture
def typed(place, tmp_path):
    """Type command lines beside some files; `lake` and `edit.yaml` stand for what is there."""

    def call(*lines, files=None):
        known = {name: str(place / name) for name in ("lake", "edit.yaml")}
        asked = {
            f"line-{number}": Line([known.get(word, word) for word in line], files=files or {})
            for number, line in enumerate(lines)
        }
        return list(session(tmp_path, asked).values())

    return call


def test_show(typed):
    """All, a family by any of its ids, the user's file over it, and an id that is not there."""
    whole, family, form, wrong, alone = typed(
        ["mapping", "show"],
        ["mapping", "show", "weth"],
        ["mapping", "show", "bitcoin", "--mapping", "edit.yaml", "--format", "json"],
        ["mapping", "show", "bitcoinn"],
        ["mapping", "show", "zzzz"],
    )
    assert "{sum: members}" in whole.out
    assert "5.0% from native's price" in whole.out
    assert "arbitrum-bridged-weth-arbitrum-one" in family.out
    assert "canonical_mapping.yaml:" in family.out
    told = json.loads(form.out)
    places = {one["asset"]: one["where"].rpartition("/")[2] for one in told["assets"]}
    assert places["wrapped-bitcoin"] == "edit.yaml:6"
    assert places["tbtc"].startswith("canonical_mapping.yaml:")
    assert "coinbase-wrapped-btc" not in places
    rules = {one["column"]: one for one in told["columns"]}
    assert rules["volume"]["rule"] == "{from: native}"
    assert rules["volume"]["where"].endswith("edit.yaml:3")
    assert told["native_ids"] == [
        {"dataset": "lunarcrush.social", "asset": "bitcoin", "native_id": "1"}
    ]
    assert (wrong.code, alone.code) == (2, 2)
    assert "did you mean 'bitcoin'?" in wrong.err
    assert "is its own canonical one" in alone.err


def test_rules_of_single_assets(typed):
    """They are shown with their days, and are those of the asset that they are for alone."""
    own = (
        "version: 1\noverrides:\n  bitcoin:\n    volume:\n"
        "      - {from: native, until: 2020-01-01}\n"
    )
    shown, bitcoin, ethereum = typed(
        ["mapping", "show", "bitcoin", "--mapping", "own.yaml"],
        ["mapping", "explain", "bitcoin", "--mapping", "own.yaml", "--format", "json"],
        ["mapping", "explain", "ethereum", "--mapping", "own.yaml", "--format", "json"],
        files={"own.yaml": own},
    )
    assert "own.yaml:5" in shown.out
    rules = [
        [rule["rule"] for rule in json.loads(one.out)["columns"] if rule["column"] == "volume"]
        for one in (bitcoin, ethereum)
    ]
    assert rules == [
        ["{from: native, until: 2020-01-01}", "{sum: members}"],
        ["{sum: members}"],
    ]


@pytest.mark.parametrize(
    ("asset", "words"),
    [
        ("wrapped-bitcoin", "is folded into bitcoin: it is listed as wrapped under bitcoin (can"),
        ("lombard-staked-btc", "staked ones are never folded"),
        ("bitcoin", "variants are folded into it"),
        ("no-such-coin", "the mapping lists it nowhere"),
    ],
)
def test_explain(typed, asset, words):
    """Why an asset is what it is, in a sentence."""
    told, form = typed(
        ["mapping", "explain", asset], ["mapping", "explain", asset, "--format", "json"]
    )
    assert words in told.out
    found = json.loads(form.out)
    assert found["why"] == told.out.splitlines()[0]
    assert found["canonical_id"] == ("bitcoin" if asset == "wrapped-bitcoin" else asset)
    assert {"column", "rule", "source", "where"} <= set(found["columns"][0])


def test_lint_of_a_file_that_does_not_load(typed):
    """Every problem with its line; exit code 2."""
    text, form = typed(
        ["mapping", "lint", "wrong.yaml", "--cache", "lake"],
        ["mapping", "lint", "wrong.yaml", "--cache", "lake", "--format", "json"],
        files={"wrong.yaml": WRONG},
    )
    assert (text.code, form.code) == (2, 2)
    assert text.out.startswith('wrong.yaml:4: error: unknown kind "wraped"')
    (finding,) = json.loads(form.out)["findings"]
    assert finding["where"] == "wrong.yaml:4"
    assert finding["todo"].startswith("did you mean")


def test_lint_against_the_list_of_coins(typed):
    """Asked in the sandbox, then kept: offline knows it, too."""
    before, asked, kept, shipped = typed(
        ["mapping", "lint", "typo.yaml", "--sandbox", "--cache", "other", "--offline"],
        ["mapping", "lint", "typo.yaml", "--sandbox", "--cache", "lake"],
        ["mapping", "lint", "typo.yaml", "--cache", "lake"],
        ["mapping", "lint", "--cache", "lake"],
        files={"typo.yaml": TYPO},
    )
    assert before.code == 0
    assert "no list of coins is kept" in before.err
    for one in (asked, kept):
        assert one.code == 2
        assert 'typo.yaml:4: error: "wrapped-bitcoim" is not among' in one.out
        assert 'did you mean "wrapped-bitcoin"?' in one.out
        assert "1 error, 0 warnings; held against" in one.err
    assert shipped.code == 0
    assert ": error:" not in shipped.out


def test_suggest(typed):
    """What the mapping does not name, as a mapping; nothing to choose from is said."""
    nothing, first, table, form = typed(
        ["mapping", "suggest", "--cache", "empty"],
        ["mapping", "suggest", "--sandbox", "--cache", "lake", "avalanche-2"],
        ["mapping", "suggest", "--cache", "lake", "--format", "table"],
        ["mapping", "suggest", "--cache", "lake", "--format", "json"],
    )
    assert nothing.code == 2
    assert "--online asks for it" in nothing.err
    assert "      - beam-bridged-avax-beam\n" in first.out
    assert "Nothing of this is in force" in first.out
    assert "beam-bridged-avax-beam" in table.out
    (found,) = [one for one in json.loads(form.out) if one["asset"] == "beam-bridged-avax-beam"]
    assert (found["canonical"], found["verdict"]) == ("avalanche-2", "bridged")


def test_diff_tells_what_two_runs_publish(place, typed):
    """Last day, mean and rows of each column: as in the files of the two runs."""
    text, form, none = typed(
        ["mapping", "diff", "edit.yaml", "--cache", "lake", "--sandbox", "--since", "2026-02-01"],
        [
            *["mapping", "diff", "edit.yaml", "--cache", "lake", "--sandbox"],
            *["--since", "2026-02-01", "--format", "json"],
        ],
        ["mapping", "diff", "same.yaml", "--cache", "lake", "--sandbox"],
        files={"same.yaml": "version: 1\n"},
    )
    assert "no number changes" in none.out
    assert "no longer in it, folded into others (1): figure-heloc" in text.out
    told = json.loads(form.out)
    assert told["gone"] == ["figure-heloc"]
    assert "coinbase-wrapped-btc" in told["split"]
    changes = {(one["canonical_id"], one["column"]): one for one in told["changes"]}
    assert changes["bitcoin", "volume"]["change"] < 0
    before, after = (long(place / f"{name}.parquet") for name in ("before", "after"))
    for key in {one[:2] for one in before} | {one[:2] for one in after}:
        old = {day: value for (*name, day), value in before.items() if tuple(name) == key}
        new = {day: value for (*name, day), value in after.items() if tuple(name) == key}
        if old == new:
            assert key not in changes
            continue
        change = changes.pop(key)
        last = max({*old, *new})
        assert (change["before"], change["after"]) == (old.get(last), new.get(last))
        both = old.keys() & new.keys()
        assert change["gained"] == len(new.keys() - old.keys())
        assert change["lost"] == len(old.keys() - new.keys())
        assert change["moved"] == sum(old[day] != new[day] for day in both)
        if both:
            mean = sum(new[day] for day in both) / sum(old[day] for day in both) - 1
            assert change["mean_change"] == pytest.approx(mean)
    # what is left are columns that a standard file has not
    assert {column for _, column in changes} <= {"open", "high", "low"}


def long(path):
    """Every known value of a published file by asset, column and day."""
    rows = pl.read_parquet(path).unpivot(index=["canonical_id", "date"], variable_name="column")
    return {
        (row["canonical_id"], row["column"], row["date"].date()): row["value"]
        for row in rows.drop_nulls().to_dicts()
    }
