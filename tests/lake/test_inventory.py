"""What lies in a store, by its keys alone."""

from __future__ import annotations

from datetime import datetime, timezone

from hypothesis import given
from hypothesis import strategies as st

from datalake.cache import SeriesKey
from datalake.lake.inventory import classify, matching, parse_name, series_name
from datalake.stores import Entry

NOW = datetime(2026, 3, 15, tzinfo=timezone.utc)
names = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=30)


def item(key):
    return classify(Entry(key, 1, "1", NOW))


@given(names, names, names)
def test_a_key_tells_its_series(provider, dataset, asset):
    """Whatever the names are, as long as they are not so long that they are cut."""
    key = SeriesKey(provider, dataset, asset)
    if any(len(part.partition("=")[2]) > 150 for part in key.folder.split("/")):
        return
    assert (item(key.path).kind, item(key.path).series) == ("series", key)
    assert item(f"{key.revisions}/abc.parquet").series == key
    assert parse_name(key.path) == key


@given(names)
def test_any_other_key_is_foreign(text):
    """Nothing is taken for a series that we would not have written so."""
    for key in (text, f"series/v1/{text}", f"series/v1/provider={text}", f"series/v1/a/b/c/{text}"):
        assert item(key).kind in ("foreign", "mark")


def test_names_as_people_write_them():
    """There and back, and by pattern."""
    key = SeriesKey("coingecko", "market", "usd/coin")
    assert series_name(key) == "coingecko.market/usd/coin"
    assert parse_name("coingecko.market/usd/coin") == key
    assert [parse_name(text) for text in ("bitcoin", "a/b", "a.b/", ".b/c", "")][:3] == [None] * 3
    items = [item(key.path), item("runs/v1/x.json")]
    assert matching(items, []) == matching(items, ["*.market/usd*"]) == items[:1]
    assert matching(items, ["lunarcrush.*"]) == []
