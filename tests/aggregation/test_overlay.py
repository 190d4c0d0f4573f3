"""A user's file over the shipped one: what it replaces, what it leaves, and what may be asked."""

from __future__ import annotations

from datetime import date

import attrs
import pytest

from datalake_aggregation import MappingError, Member, load_mapping, parse_mapping

BASE = """\
version: 1
guard: {tolerance: 0.1, days: 4}
columns:
  close: {source: [p.d.close, q.d.close], from: native, else: largest-volume}
  volume: {source: p.d.volume, sum: members}
  cap: {source: p.d.cap, from: native, plus: migrated}
  tvl: {source: p.d.tvl, from: native}
assets:
  sun: {wrapped: [wsun, xsun], bridged: [sun-b], staked: [staked-sun]}
  moon: {migrated: [luna], wrapped: [wmoon]}
native_ids:
  p.d: {sun: 1, moon: "chain:Moon One"}
  q.d: {sun: null}
overrides:
  sun:
    volume: {from: native, until: 2024-01-31}
    tvl: {max: members}
  moon: {cap: {from: native}}
"""


@pytest.fixture
def base():
    """The mapping that others are laid over here."""
    return parse_mapping(BASE, "base.yaml")


def over(base, text):
    """Lay a user's text over the base."""
    return parse_mapping("version: 1\n" + text, "mine.yaml", base)


def ids(mapping, canonical_id):
    """Return the ids of the members of a canonical asset."""
    return [member.asset for member in mapping.members(canonical_id)]


def test_what_a_mapping_answers(base):
    """Members come native first, then in the order of the file; staked ones stand alone."""
    assert base.members("moon") == (
        *(Member("moon", "native"), Member("luna", "migrated"), Member("wmoon", "wrapped")),
    )
    assert ids(base, "sun") == ["sun", "wsun", "xsun", "sun-b"]
    assert ids(base, "unheard-of") == ["unheard-of"]
    assert [base.canonical_of(a) for a in ("wsun", "sun", "staked-sun", "new")] == [
        *("sun", "sun", "staked-sun", "new")
    ]
    assert base.native_ids == {
        "p.d": {"sun": "1", "moon": "chain:Moon One"},
        "q.d": {"sun": None},
    }


def test_what_a_rule_answers(base):
    """Sources in order, the rule as written, where, and whether variants are needed."""
    rules = base.columns
    assert list(rules) == ["close", "volume", "cap", "tvl"]
    assert rules["close"].source == ("p.d.close", "q.d.close")
    assert [(rule.text, str(rule.where), rule.needs_members) for rule in rules.values()] == [
        ("{from: native, else: largest-volume}", "base.yaml:4", True),
        ("{sum: members}", "base.yaml:5", True),
        ("{from: native, plus: migrated}", "base.yaml:6", True),
        ("{from: native}", "base.yaml:7", False),
    ]


def test_an_empty_file_changes_nothing(base):
    """Only what differs needs to be there."""
    assert over(base, "") == base


def test_a_list_replaces_the_list_of_that_asset_and_kind(base):
    """Other kinds and other assets stay."""
    mine = over(base, "assets: {sun: {wrapped: [ysun]}}")
    assert ids(mine, "sun") == ["sun", "sun-b", "ysun"]
    assert ids(mine, "moon") == ids(base, "moon")
    assert mine.canonical_of("wsun") == "wsun"


def test_a_new_kind_and_a_new_asset_are_added(base):
    """What the shipped file does not have is simply there."""
    mine = over(base, "assets: {sun: {migrated: [old-sun]}, star: {wrapped: [wstar]}}")
    assert ids(mine, "sun") == ["sun", "wsun", "xsun", "sun-b", "old-sun"]
    assert mine.canonical_of("wstar") == "star"


def test_a_claimed_id_leaves_its_former_place(base):
    """Claimed as a variant of another, or as a staked one."""
    assert ids(over(base, "assets: {moon: {bridged: [xsun]}}"), "sun") == ["sun", "wsun", "sun-b"]
    stands_alone = over(base, "assets: {sun: {staked: [xsun]}}")
    assert stands_alone.canonical_of("xsun") == "xsun"


def test_a_variant_does_not_become_an_asset_of_its_own_unsaid(base):
    """Given variants, it would leave its native; the line is told, and how to say that one means
    it."""
    for kinds in ("{}", "{wrapped: [wwmoon]}"):
        with pytest.raises(MappingError) as caught:
            over(base, f"assets:\n  wmoon: {kinds}")
        (problem,) = caught.value.problems
        assert problem.startswith('mine.yaml:3: "wmoon" is folded into moon (base.yaml:10), and')
        assert "repeat here what is wrapped of moon without it" in problem


@pytest.mark.parametrize("said", ["{wrapped: [other]}", "{staked: [wmoon]}"])
def test_a_variant_that_is_made_an_asset_of_its_own(base, said):
    """Said of both: the list without it, or its being no variant any more."""
    own = over(base, f"assets: {{moon: {said}, wmoon: {{wrapped: [wwmoon]}}}}")
    assert "wmoon" not in ids(own, "moon")
    assert ids(own, "wmoon") == ["wmoon", "wwmoon"]


def test_an_asset_that_loses_its_last_variant(base):
    """It is then like any other."""
    mine = over(base, "assets: {star: {wrapped: [luna, wmoon]}}")
    assert "moon" not in mine.variants
    assert ids(mine, "moon") == ["moon"]


def test_merge_guard_columns_and_native_ids_replace_one_by_one(base):
    """Each entry that is given; the others stay as they were, in their order."""
    mine = over(
        base,
        "merge: [bridged]\n"
        "guard: {days: 2}\n"
        "columns: {volume: {source: q.d.volume, from: native}, new: {source: a.b.c, sum: members}}"
        "\nnative_ids: {p.d: {sun: ~, star: 7}, r.d: {sun: x}}",
    )
    assert ids(mine, "sun") == ["sun", "sun-b"]
    assert (mine.guard.tolerance, mine.guard.days) == (0.1, 2)
    assert list(mine.columns) == ["close", "volume", "cap", "tvl", "new"]
    assert mine.columns["volume"].source == ("q.d.volume",)
    assert str(mine.columns["volume"].where) == "mine.yaml:4"
    assert mine.columns["close"] == base.columns["close"]
    assert mine.native_ids == {
        "p.d": {"sun": None, "moon": "chain:Moon One", "star": "7"},
        "q.d": {"sun": None},
        "r.d": {"sun": "x"},
    }


def test_reasons_for_leaving_assets_alone_are_added(base):
    """A file's own come to the others; each id bears its reason."""
    one = over(base, "alone: {lent out: [lent-sun, x-sun]}")
    both = parse_mapping("version: 1\nalone: {closed: [x-sun]}", "more.yaml", one)
    assert both.alone == {"lent-sun": "lent out", "x-sun": "closed"}


def test_mistakes_that_only_both_files_make(base):
    """A native of the shipped file as a variant in the user's: the user's line is named."""
    with pytest.raises(MappingError) as caught:
        over(base, "assets:\n  moon:\n    wrapped: [sun]")
    (problem,) = caught.value.problems
    assert problem.startswith('mine.yaml:4: "sun" is a variant of moon here but has variants')


def test_a_cycle_over_both_files_cannot_arise(base):
    """A former native, listed as a variant of its own variant, changes places with it."""
    mine = over(base, "assets: {wmoon: {wrapped: [moon], migrated: [luna]}}")
    assert (ids(mine, "wmoon"), ids(mine, "moon")) == (["wmoon", "moon", "luna"], ["moon"])


def test_a_users_file_over_the_shipped_one(tmp_path):
    """The path is the name under which its entries are known."""
    path = tmp_path / "mine.yaml"
    path.write_text("version: 1\nassets:\n  bitcoin:\n    wrapped: [wrapped-bitcoin]\n")
    mine, shipped = load_mapping(path), load_mapping()
    assert mine.canonical_of("coinbase-wrapped-btc") == "coinbase-wrapped-btc"
    assert mine.canonical_of("binance-bitcoin") == "bitcoin"
    (wrapped,) = [m for m in mine.members("bitcoin") if m.kind == "wrapped"]
    assert str(wrapped.where) == f"{path}:4"
    assert mine.columns == shipped.columns


def test_a_mapping_cannot_be_changed(base):
    """Values are frozen; a change is a new mapping."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        base.merge = ()


def test_what_a_rule_relies_on(base):
    """A sum without an addend is wrong, and so is a stand-in for a price that exists."""
    kinds = ("native", "wrapped", "bridged", "migrated")
    relied = {
        name: [kind for kind in kinds if rule.relies_on(kind)]
        for name, rule in base.columns.items()
    }
    assert relied == {
        "close": ["native"],
        "volume": [*kinds],
        "cap": ["native", "migrated"],
        "tvl": [],
    }


def rules(mapping):
    """The rules for single assets, as {(asset, column): [text]}."""
    return {
        (asset, column): [rule.text for rule in found]
        for asset, columns in mapping.overrides.items()
        for column, found in columns.items()
    }


def test_rules_for_one_asset_are_replaced_column_by_column(base):
    """What is given for an asset and column; the others stay, and a usual rule undoes one."""
    mine = over(
        base,
        "overrides:\n  sun: {volume: {max: members, since: 2024-06-01}, cap: {sum: members}}\n"
        "  moon:\n    cap: {from: native, plus: migrated}",
    )
    assert rules(mine) == {
        ("sun", "volume"): ["{max: members, since: 2024-06-01}"],
        ("sun", "tvl"): ["{max: members}"],
        ("sun", "cap"): ["{sum: members}"],
        ("moon", "cap"): ["{from: native, plus: migrated}"],
    }
    day = date(2024, 1, 1)
    assert str(mine.rule_for("tvl", "sun", day).where) == "base.yaml:17"
    assert str(mine.rule_for("cap", "moon", day).where) == "mine.yaml:5"
    assert mine.rule_for("cap", "moon", day).how == mine.columns["cap"].how


def test_a_column_that_is_replaced_keeps_the_rules_of_single_assets(base):
    """They are entries of their own; where their values come from is the column's business."""
    mine = over(base, "columns: {volume: {source: z.d.volume, max: members}}")
    own = mine.rule_for("volume", "sun", date(2024, 1, 31))
    assert (own.text, own.source) == ("{from: native, until: 2024-01-31}", ("z.d.volume",))
    assert mine.rule_for("volume", "sun", date(2024, 2, 1)).text == "{max: members}"


def test_a_shipped_rule_for_an_asset_that_lost_its_variants_is_no_mistake(base):
    """The user's file moved them elsewhere; the rule below has nothing to do any more."""
    mine = over(base, "assets: {star: {wrapped: [luna, wmoon]}}")
    assert mine.rule_for("cap", "moon", date(2024, 1, 1)).text == "{from: native}"


def test_tolerances_are_replaced_kind_by_kind(base):
    """One number is for all kinds; a kind that is not named keeps what it had."""
    kinds = ("wrapped", "bridged", "migrated")

    def tolerances(text, below=base):
        guard = over(below, f"guard: {{tolerance: {text}}}").guard
        return [guard.tolerance_of(kind) for kind in kinds]

    assert tolerances("{bridged: 0.3}") == [0.1, 0.3, 0.1]
    bridged = over(base, "guard: {tolerance: {bridged: 0.3}, days: 2}")
    assert bridged.guard.days == 2
    assert tolerances("{migrated: 0.2}", bridged) == [0.1, 0.3, 0.2]
    assert tolerances("0.02", bridged) == [0.02, 0.02, 0.02]


def test_a_weight_may_be_a_column_of_the_file_below(base):
    """And one that neither file has is a mistake of the file that names it."""
    assert over(base, "columns: {tvl: {source: a.b.c, mean: members, weight: volume}}")
    with pytest.raises(
        MappingError, match=r"mine\.yaml:2: there is no column \"volumes\" to weigh"
    ):
        over(base, "columns: {tvl: {source: a.b.c, mean: members, weight: volumes}}")


def test_what_a_mapping_says_does_not_depend_on_where_it_says_it(base):
    """Its repr, from which runs take their digest, is free of lines and of memory addresses."""
    text = "columns: {x: {source: a.b.c, reduce: spread, of: members}}"
    one, other = (
        parse_mapping(f"version: 1\n{lines}{text}", "m.yaml", base, reducers={"spread": reducer})
        for lines, reducer in (("", lambda rows, column: rows), ("\n\n", lambda r, c: r))
    )
    assert repr(one) == repr(other)
    assert one == other
