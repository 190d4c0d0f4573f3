"""The list of coins in the lake: kept once, read back whole, the newest first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve

from datalake import ABSENT, ConfigError, FetchError
from datalake.curation.catalogue import ask, keep, lister_of_coins, newest, of_universes
from datalake.curation.lookalikes import lookalikes
from datalake.models import Asset
from datalake.plugins import load
from datalake.running.universe.archive import NAMED, TOP, archive
from datalake.running.universe.assets import CanonicalAsset, Universe
from datalake.stores import open_store

from .conftest import NOW, catalogue, coin, mapping

ONE = catalogue(
    coin("bitcoin", "btc", "Bitcoin", 100_000.0, 2e12),
    coin("weth", "weth", "WETH", None, None, ["wrapped", "bridged"], True, base="0x42", tron="TT"),
    coin("nameless", None, None),
)


@pytest.fixture
def store(tmp_path):
    """An empty lake."""
    return open_store(str(tmp_path / "lake"), {})


def test_a_list_comes_back_as_it_was(store):
    """All that is known of each coin, and nothing that was not."""
    keep(store, ONE)
    keep(store, ONE)  # the same moment's list is there already
    assert newest(store) == ONE


def test_the_newest_that_can_be_read_is_taken(store):
    """A damaged one is passed over; other objects are not looked at."""
    keep(store, ONE)
    keep(store, evolve(ONE, known_at=NOW - timedelta(days=1), coins={}))
    store.put(
        "catalogue/v1/provider=acme/date=2026-04-01/000000Z.parquet",
        b"PAR1",
        {},
        if_generation=ABSENT,
    )
    store.put("catalogue/v1/notes.txt", b"mine", {}, if_generation=ABSENT)
    assert newest(store) == ONE


def test_an_empty_lake_has_none(store):
    """Which is no error."""
    assert newest(store) is None


def test_who_is_asked():
    """The installed provider that has such a list, whatever its name."""
    assert lister_of_coins(load()) == "coingecko"
    with pytest.raises(ConfigError, match="no installed provider has a list"):
        lister_of_coins(load(["lunarcrush"]))


class _Source:
    """As much of a source as is asked of it."""

    def __init__(self, answer):
        provider = load().provider("coingecko")
        self.provider = evolve(provider, catalogue=lambda client: answer)
        self.client = None


def test_an_empty_answer_is_no_list():
    """It would make every id unknown."""
    with pytest.raises(FetchError, match="lists no coins at all"):
        ask(_Source([]))


def listed(*assets):
    """An archived universe of these assets."""
    return Universe(
        NOW, [CanonicalAsset(one.id, rank, one, [one.id]) for rank, one in enumerate(assets, 1)]
    )


def test_without_a_list_the_universes_tell_names(store):
    """Those of the largest, and those that a run was made for by name."""
    assert of_universes(store, NOW) is None
    archive(store, listed(Asset("bitcoin", "btc", "Bitcoin", 2e12, 100_000.0)), TOP)
    archive(store, listed(Asset("acme-btc", "abtc", "Acme Wrapped BTC", 1e9, 99_900.0)), NAMED)
    found = of_universes(store, NOW)
    assert (found.provider, set(found.coins)) == ("archived universes", {"bitcoin", "acme-btc"})
    (one,) = lookalikes(found.coins, mapping(), None)
    assert (one.asset, one.canonical, one.verdict) == ("acme-btc", "bitcoin", "wrapped")
