"""Details of an asset: its numbers as `explain` tells them, and the members' shares of volume."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import pytest

from datalake.dashboard.details import details
from datalake.explaining.explain import explain
from datalake.explaining.plain import plain
from datalake.plugins import load

from .conftest import LAST, view_of


@pytest.fixture(scope="module")
def known(published):
    """The file, its lake, and the details of two assets."""
    _, lake = view_of(published.output).look()
    found = details(lake.inquiry, ["bitcoin", "tether"], LAST)
    return lake, {one["id"]: one for one in found}


def test_each_number_is_explained(known):
    """Just as if it had been asked for alone; each is what is published."""
    lake, found = known
    file, store, registry = lake.inquiry.file, lake.store, load()
    for asset, one in found.items():
        assert list(one["explain"]) == file.columns
        for column, told in one["explain"].items():
            alone = explain(file, store, registry, asset, column, LAST)
            assert told == plain(alone, asset)
            assert told["equal"]


def test_members_share_the_volume(known):
    """Of each week, by what each one's own series has of it."""
    lake, found = known
    bitcoin = found["bitcoin"]
    weeks, shares = bitcoin["volume"]["weeks"], bitcoin["volume"]["shares"]
    assert {one["asset"] for one in bitcoin["members"]} >= set(shares)
    assert bitcoin["members"][0] == {"asset": "bitcoin", "kind": "native", "where": None}
    assert all(week.weekday() == 0 for week in weeks)
    by_hand: dict[date, dict[str, float]] = defaultdict(dict)
    for day in (weeks[3] + timedelta(days=number) for number in range(7)):
        cell = lake.inquiry.explain("bitcoin", "volume", day).cell
        for part in cell.members:
            if part.entered:
                week = by_hand[weeks[3]]
                week[part.asset] = week.get(part.asset, 0) + part.value
    total = sum(by_hand[weeks[3]].values())
    assert len(by_hand[weeks[3]]) > 5
    for asset, volume in by_hand[weeks[3]].items():
        assert shares[asset][3] == pytest.approx(volume / total, abs=1e-5)
    for number in range(len(weeks)):
        told = [line[number] for line in shares.values() if line[number] is not None]
        assert sum(told) == pytest.approx(1, abs=1e-4)


def test_an_asset_without_variants(known):
    """Shares its volume with nobody."""
    lake, _ = known
    (alone,) = details(lake.inquiry, ["figure-heloc"], LAST)
    assert alone["volume"] is None
    assert [one["asset"] for one in alone["members"]] == ["figure-heloc"]
