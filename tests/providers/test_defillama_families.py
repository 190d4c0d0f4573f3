"""Families of which only some members count: named apart, and summed here."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake import Asset, NotFound, Unavailable, Window
from datalake_defillama import DEX_VOLUME, PROTOCOL_TVL, register_providers
from datalake_defillama.lists import Market, Markets, Protocol
from datalake_defillama.resolve import Found, listed, located
from datalake_defillama.sums import LATE_S, total

(DEFILLAMA,) = register_providers()
DAY = 86_400
EVER = Window(date(2014, 1, 1), date(2026, 3, 15))
SKY = Found("parent", "parent#maker", "sky")


def columns(**days):
    """A member's series: `d3=5.0` is 5 dollars on day 3; a value of None is no value."""
    return {
        "time": np.array([int(name[1:]) * DAY for name in days], dtype=np.int64),
        "tvl": np.array(list(days.values()), dtype=np.float64),
    }


def told(*members):
    """The sum as {day: dollars}."""
    whole = total("tvl", members)
    return dict(zip((whole["time"] // DAY).tolist(), whole["tvl"].tolist(), strict=True))


def row(slug, category, tvl=1.0, parent="parent#maker"):
    """A row of `/protocols`, written by hand in the recorded shape."""
    return {
        "id": slug,
        "slug": slug,
        "category": category,
        "tvl": tvl,
        "parentProtocol": parent,
        "parentProtocolSlug": "sky",
    }


def market(slug, category, volume=1.0, **more):
    """A row of `/overview/dexs`, written by hand in the recorded shape; it has no family slug."""
    known = {"defillamaId": slug, "slug": slug, "category": category, "total24h": volume}
    return {**known, "parentProtocol": "parent#maker", **more}


LENDING, RWA, SAVINGS = row("sky-lending", "CDP"), row("maker-rwa", "RWA"), row("savings", "CDP")


@pytest.fixture
def vendor(scripted):
    """`vendor(protocols=…, markets=…, pages=…)`: a client, and the pages it asked for."""

    def start(protocols, markets=(), pages=None):
        asked = []

        def answer(path, query):
            if path == "/protocols":
                return 200, protocols
            if path == "/overview/dexs":
                return 200, {"allChains": [], "protocols": list(markets)}
            asked.append(path.lstrip("/"))
            points = (pages or {}).get(path.rpartition("/")[2])
            if points is None:
                return 400, b"Protocol not found"
            tvl = [{"date": day * DAY, "totalLiquidityUSD": value} for day, value in points]
            chart = [[day * DAY, value] for day, value in points]
            return 200, {"tvl": tvl, "totalDataChart": chart}

        return scripted(DEFILLAMA, answer), asked

    return start


def test_a_family_with_custody_in_it_has_another_name():
    """The two ways of summing are two series, and the cache tells series apart by their names."""
    rows = [
        Protocol("1", "sky-lending", None, "CDP", parent=SKY.id),
        Protocol("2", "maker-rwa", None, "RWA", parent=SKY.id),
    ]
    assert located(SKY, rows[:1]) == "parent:sky"
    assert located(SKY, rows) == "children:sky"
    assert located(SKY, rows[1:]) is None


def test_a_family_with_other_than_markets_in_it_has_another_name():
    """A bot, or a row that is counted twice, would be inside the vendor's sum."""
    dex, launch = Market("1", "a", "Dexs", SKY.id), Market("2", "b", "Launchpad", SKY.id)
    bot, twice = Market("3", "c", "Telegram Bot", SKY.id), Market("4", "d", "Dexs", SKY.id, True)
    assert listed(SKY, Markets(set(), [dex, launch])) == "parent:sky"
    assert listed(SKY, Markets(set(), [dex, bot])) == "children:sky"
    assert listed(SKY, Markets(set(), [dex, twice])) == "children:sky"
    assert listed(SKY, Markets(set(), [bot, twice])) is None


@pytest.mark.parametrize("native_id", ["parent:sky", "children:sky"])
def test_custody_is_not_in_a_family_s_tvl(vendor, native_id):
    """Also where the mapping says `parent:`: whose family that is today is looked at again."""
    pages = {
        "sky": [(1, 100.0), (2, 110.0)],
        "sky-lending": [(1, 60.0), (2, 66.0)],
        "savings": [(2, 4.0)],
        "maker-rwa": [(1, 40.0), (2, 40.0)],
    }
    client, asked = vendor([RWA, LENDING, SAVINGS], pages=pages)
    found = PROTOCOL_TVL.fetch(native_id, EVER, client)
    assert found["time"].tolist() == [DAY, 2 * DAY]
    assert found["tvl"].tolist() == [60.0, 70.0]
    assert asked == ["protocol/savings", "protocol/sky-lending"]


def test_a_family_that_counts_as_a_whole_is_one_call(vendor):
    """Then the vendor's own sum is the same, and cheaper."""
    client, asked = vendor([LENDING, SAVINGS], pages={"sky": [(1, 64.0)]})
    assert PROTOCOL_TVL.fetch("parent:sky", EVER, client)["tvl"].tolist() == [64.0]
    assert asked == ["protocol/sky"]


@pytest.mark.parametrize(
    ("rows", "paths"),
    [
        ([market("a", "Dexs"), market("b", "Launchpad")], ["summary/dexs/sky"]),
        ([market("a", "Dexs"), market("b", "Telegram Bot")], ["summary/dexs/a"]),
        (
            [market("b", "Dexs"), market("a", "Dexs"), market("c", "Dexs", doublecounted=True)],
            ["summary/dexs/a", "summary/dexs/b"],
        ),
    ],
)
def test_volume_counted_elsewhere_is_not_in_a_family_s(vendor, rows, paths):
    """The list of DEXs names families by id: `parent:sky` is found as `parent#maker`."""
    pages = {"sky": [(1, 9.0)], "a": [(1, 2.0)], "b": [(1, 3.0)], "c": [(1, 4.0)]}
    client, asked = vendor([LENDING], rows, pages)
    found = DEX_VOLUME.fetch("parent:sky", EVER, client)
    assert asked == paths
    known = {"sky": 9.0, "a": 2.0, "b": 3.0}
    assert found["volume"].tolist() == [sum(known[path.rpartition("/")[2]] for path in paths)]


def test_a_family_without_a_member_that_counts_is_not_found(vendor):
    """And nothing is asked of the vendor's sum."""
    client, asked = vendor([RWA], [market("a", "Interface")])
    for dataset in (PROTOCOL_TVL, DEX_VOLUME):
        for native_id in ("parent:sky", "children:sky", "parent:unheard-of"):
            with pytest.raises(NotFound, match=native_id):
                dataset.fetch(native_id, EVER, client)
    assert asked == []


def test_a_missing_page_of_a_member_with_value_is_no_fall(vendor):
    """The list says that it holds something; a member that holds nothing may lack its page."""
    idle = row("savings", "CDP", tvl=None)
    client, _ = vendor([RWA, LENDING, idle], pages={"sky-lending": [(1, 60.0)]})
    assert PROTOCOL_TVL.fetch("children:sky", EVER, client)["tvl"].tolist() == [60.0]
    client, _ = vendor([RWA, LENDING, SAVINGS], pages={"sky-lending": [(1, 60.0)]})
    with pytest.raises(Unavailable, match="savings is listed with a value"):
        PROTOCOL_TVL.fetch("children:sky", EVER, client)


def test_a_member_counts_from_its_first_value_on():
    """Zeros before it, and the days before those, are not missing."""
    assert told(columns(d1=5.0, d2=5.0, d3=5.0), columns(d2=0.0, d3=2.0)) == {1: 5, 2: 5, 3: 7}


@pytest.mark.parametrize("gap", [{}, {"d2": None}])
def test_the_gap_of_a_member_is_a_gap_of_the_sum(gap):
    """Left out or null: without its value the sum would show a fall that nobody saw."""
    steady = columns(d1=5.0, d2=5.0, d3=5.0)
    assert told(steady, columns(d1=2.0, **gap, d3=2.0)) == {1: 7, 3: 7}


def test_a_member_that_is_late_is_waited_for():
    """The last days are left out until it has told them, or has been silent for a fortnight."""
    late = LATE_S // DAY
    steady = columns(**{f"d{day}": 5.0 for day in range(1, late + 3)})
    dead = columns(d1=2.0)
    assert told(columns(d1=5.0, d2=5.0), dead) == {1: 7}
    assert list(told(steady, dead)) == list(range(1, late + 3))
    assert list(told(columns(**{f"d{day}": 5.0 for day in range(1, late + 2)}), dead)) == [1]


def test_a_member_that_ended_on_zero_is_not_waited_for():
    """Nothing is lost with it."""
    assert told(columns(d1=5.0, d2=5.0, d3=5.0), columns(d1=2.0, d2=0.0)) == {1: 7, 2: 5, 3: 5}


@pytest.mark.parametrize("members", [[], [columns()], [columns(d1=0.0, d2=None)]])
def test_members_without_a_value_sum_to_nothing(members):
    """No rows, no error."""
    assert told(*members) == {}


SERIES = st.dictionaries(st.integers(0, 20), st.sampled_from([0.0, 1.0, 2.0, 4.0]), max_size=20)


@given(st.lists(SERIES, max_size=4))
def test_a_sum_is_never_short_of_a_member_that_has_begun_and_not_ended(series):
    """On every day that is told each member was added, or is outside its life; in any order."""
    members = [columns(**{f"d{day}": one[day] for day in sorted(one)}) for one in series]
    whole = told(*members)
    assert whole == told(*reversed(members))
    for day, value in whole.items():
        assert value == sum(one.get(day, 0.0) for one in series)
        for one in series:
            alive = [known for known, held in one.items() if held]
            if alive and min(alive) <= day <= max(alive):
                assert day in one


def test_the_sandbox_s_families(connect):
    """Sky without its real-world assets, Maple without its own; pancakes without predictions."""
    client = connect(DEFILLAMA, "free")
    rows = {one["slug"]: one for one in client.get("protocols")}

    def newest(asset, dataset=PROTOCOL_TVL):
        native_id = dataset.resolve(Asset(asset), client)
        (column,) = dataset.columns
        return native_id, dataset.fetch(native_id, EVER, client)[column][-1]

    for asset, family, member in (
        ("sky", "children:maker", "sky-lending"),
        ("syrup", "children:maple-finance", "maple"),
    ):
        native_id, value = newest(asset)
        assert native_id == family
        assert value == pytest.approx(rows[member]["tvl"], rel=1e-9)
    assert newest("aave")[0] == "parent:aave"
    assert DEX_VOLUME.resolve(Asset("pancakeswap-token"), client) == "children:pancakeswap"
    assert DEX_VOLUME.resolve(Asset("uniswap"), client) == "parent:uniswap"


def test_a_family_whose_only_value_is_custody_has_no_rows(connect):
    """Chainlink's staked coins are of category Services; its oracles hold nothing."""
    client = connect(DEFILLAMA, "free")
    native_id = PROTOCOL_TVL.resolve(Asset("chainlink"), client)
    assert native_id == "children:chainlink"
    assert len(PROTOCOL_TVL.fetch(native_id, EVER, client)["tvl"]) == 0
