"""The universe: rows in order, variants folded, exactly as many canonical assets as wanted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake import Asset
from datalake.running.universe.archive import TOP, archive, newest
from datalake.running.universe.assets import choose, choose_named, member_assets
from datalake.stores.memory import MemoryStore
from datalake_aggregation import load_mapping

MAPPING = load_mapping()
AS_OF = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
COINS = [f"coin-{number}" for number in range(400)]


def rows(*ids: str) -> list[Asset]:
    """A list by market cap."""
    return [Asset(asset_id, name=asset_id) for asset_id in ids]


def ids(universe) -> list[str]:
    """Canonical ids by rank."""
    assert [asset.rank for asset in universe.assets] == list(range(1, len(universe.assets) + 1))
    return [asset.id for asset in universe.assets]


def test_rows_are_taken_in_their_order() -> None:
    """The first so many, whatever a vendor's rank says."""
    assert ids(choose(rows(*COINS), MAPPING, 3, AS_OF)) == COINS[:3]


def test_a_variant_takes_no_place_of_its_own() -> None:
    """Bitcoin has bitcoin's place, and the list goes on below."""
    listed = rows("ethereum", "wrapped-bitcoin", "tether", "bitcoin", "weth", "ripple")
    assert ids(choose(listed, MAPPING, 4, AS_OF)) == ["ethereum", "tether", "bitcoin", "ripple"]


def test_without_its_native_the_first_variant_gives_the_place() -> None:
    """Then the asset is the canonical one all the same, described by the variant's row."""
    universe = choose(rows("tether", "wrapped-bitcoin", "ripple"), MAPPING, 3, AS_OF)
    assert ids(universe) == ["tether", "bitcoin", "ripple"]
    assert universe.assets[1].listed.id == "wrapped-bitcoin"


def test_a_native_below_the_cut_does_not_profit_from_its_variant() -> None:
    """Its own place counts, so the next one moves up."""
    listed = rows("wrapped-bitcoin", "ethereum", "tether", "bitcoin")
    assert ids(choose(listed, MAPPING, 2, AS_OF)) == ["ethereum", "tether"]


def test_a_staked_token_is_an_asset_of_its_own() -> None:
    """It gains value against its base, so it is not folded."""
    listed = rows("ethereum", "staked-ether", "wrapped-steth")
    assert ids(choose(listed, MAPPING, 3, AS_OF)) == ["ethereum", "staked-ether", "wrapped-steth"]


@pytest.mark.parametrize(("top", "read"), [(1, 250), (200, 250), (250, 250), (300, 300)])
def test_no_more_is_read_than_needed(top: int, read: int) -> None:
    """One page of 250 rows, and more only where more assets are wanted."""
    taken = 0

    def listed() -> Iterator[Asset]:
        nonlocal taken
        for row in rows(*COINS):
            taken += 1
            yield row

    assert len(choose(listed(), MAPPING, top, AS_OF).assets) == top
    assert taken == read


def test_a_list_that_ends_early_gives_what_it_has() -> None:
    """Fewer than wanted is no error here; the run says how many there are."""
    assert ids(choose(rows("bitcoin"), MAPPING, 200, AS_OF)) == ["bitcoin"]
    assert ids(choose([], MAPPING, 200, AS_OF)) == []


def test_named_assets_mean_their_canonical_ones() -> None:
    """In order of the list; one that is not listed comes last, known by its id alone."""
    universe = choose_named(
        ["wrapped-bitcoin", "luna-gone", "weth", "bitcoin"],
        rows("bitcoin", "ethereum"),
        MAPPING,
        AS_OF,
    )
    assert ids(universe) == ["bitcoin", "ethereum", "luna-gone"]
    assert universe.assets[2].listed == Asset("luna-gone")


@given(st.permutations(["bitcoin", "wrapped-bitcoin", "weth", "ethereum", "tether", "dai"]))
def test_every_canonical_asset_has_one_place(order: list[str]) -> None:
    """However the list is ordered, and members never repeat."""
    universe = choose(rows(*order), MAPPING, 10, AS_OF)
    assert sorted(ids(universe)) == ["bitcoin", "dai", "ethereum", "tether"]
    natives = [asset for asset in order if asset in ids(universe)]
    assert ids(universe) == natives
    members = [asset.id for _, asset in member_assets(universe)]
    assert len(members) == len(set(members))


def test_the_archive_gives_the_newest_that_was_known() -> None:
    """At or before the instant asked for, never a later one, and large enough where there is."""
    store = MemoryStore()
    for days, top in ((0, 5), (1, 5), (2, 2)):
        universe = choose(rows(*COINS[days:]), MAPPING, top, AS_OF + timedelta(days=days))
        archive(store, universe, TOP)
    day = timedelta(days=1)
    assert newest(store, AS_OF - day, 5) is None
    found = newest(store, AS_OF + day, 5)
    assert found is not None
    assert (found.as_of, ids(found)) == (AS_OF + day, COINS[1:6])
    large_enough = newest(store, AS_OF + 3 * day, 5)
    assert large_enough is not None
    assert large_enough.as_of == AS_OF + day
    small = newest(store, AS_OF + 3 * day, 2)
    assert small is not None
    assert ids(small) == COINS[2:4]


def test_what_is_archived_comes_back_the_same() -> None:
    """Names, caps, places and members."""
    store = MemoryStore()
    listed = [Asset("bitcoin", "btc", "Bitcoin", 1.3e12, 67000.5, "https://x.example/b.png")]
    universe = choose(listed, MAPPING, 5, AS_OF)
    archive(store, universe, TOP)
    archive(store, universe, TOP)
    assert newest(store, AS_OF, 1) == universe


def test_a_damaged_archive_is_passed_over() -> None:
    """An older whole one serves."""
    store = MemoryStore()
    archive(store, choose(rows(*COINS), MAPPING, 3, AS_OF), TOP)
    key = "universe/v1/selection=top/date=2026-03-16/103000Z.parquet"
    store.put(key, b"not parquet", {}, if_generation="")
    found = newest(store, AS_OF + timedelta(days=2), 3)
    assert found is not None
    assert found.as_of == AS_OF
