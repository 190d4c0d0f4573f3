"""What must be the same for published rows to be taken once more, unread."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from attrs import evolve, fields_dict

from datalake.cache import AssetCache, SeriesKey
from datalake.client.offline import OfflineClient
from datalake.models import Asset, Window
from datalake.plugins import load
from datalake.running.folding.recipe import Recipe
from datalake.running.planning.plan import Want
from datalake.running.records.inputs import Input
from datalake.running.records.unchanged import BESIDE_RECIPE, as_it_was, deciding
from datalake.running.sources import Source
from datalake.stores import open_store

from .conftest import AS_OF

DAY, ONE = date(2026, 3, 14), timedelta(days=1)
RECIPE = Recipe(
    as_of=AS_OF,
    last_day=DAY,
    since=None,
    columns="standard",
    stale_days=3,
    synthetic=True,
    mapping_sha256="a",
)
OTHER: dict[str, Any] = {
    "as_of": AS_OF + timedelta(hours=1),
    "last_day": DAY - timedelta(days=1),
    "since": DAY,
    "columns": "extended",
    "stale_days": 4,
    "synthetic": False,
    "open_day": DAY,
}


def test_whatever_decides_rows_is_compared():
    """A field that is added counts, until somebody says that it decides nothing."""
    assert {"as_of"} == BESIDE_RECIPE
    for name in fields_dict(Recipe):
        changed = deciding(evolve(RECIPE, **{name: OTHER.get(name, "something else")}))
        assert (changed == deciding(RECIPE)) == (name in BESIDE_RECIPE), name


def test_whatever_decides_the_rows_of_a_series_is_compared():
    """Of the object only the generation counts: it is not read."""
    coingecko, now = load().providers["coingecko"], AS_OF
    market, plan = coingecko.dataset("market"), coingecko.plans[0]
    key, days = SeriesKey("coingecko", "market", "bitcoin"), Window(DAY - 9 * ONE, DAY)
    rows = {"date": [DAY - 2 * ONE], "price": [1.0], "market_cap": [1.0], "volume": [1.0]}
    cache = AssetCache(open_store("memory:", {}), clock=lambda: now)
    cache.put(key, market, "bitcoin", rows, days)
    cache = cache.survey()
    (entry,) = cache.listed.values()
    source = Source(coingecko, plan, OfflineClient(plan, lambda: now), 0.0)
    want = Want(source, market, Asset("bitcoin"), True, days, days, columns=["price"])
    used = Input(
        provider="coingecko",
        dataset="market",
        kept_as="market",
        asset="bitcoin",
        native_id="bitcoin",
        how="cached",
        start=days.start,
        end=days.end,
        columns=["price"],
        rows=1,
        fingerprint="",
        sha256="",
        learnt_at=now,
        asked_at=now,
        known_through=None,
        generation=entry.generation,
    )
    assert as_it_was(want, used, cache)
    assert as_it_was(want, evolve(used, how="fetched"), cache)
    earlier = evolve(used, start=days.start - ONE)
    assert as_it_was(evolve(want, earlier=True), earlier, cache)
    late = evolve(used, known_through=DAY - 2 * ONE)
    assert as_it_was(evolve(want, native=False), late, cache)
    longer = Window(days.start, days.end + ONE)
    for other in (
        late,
        earlier,
        evolve(used, how="stood in"),
        evolve(used, how="missing"),
        evolve(used, generation=None),
        evolve(used, generation="another"),
        evolve(used, columns=["price", "volume"]),
        evolve(used, end=days.end + ONE),
        evolve(used, kept_as="another"),
    ):
        assert not as_it_was(want, other, cache), other
    assert not as_it_was(evolve(want, refresh=True), used, cache)
    now += timedelta(hours=5)
    assert as_it_was(want, used, cache)
    now += timedelta(hours=2)  # the last day was not delivered, and is asked for again
    assert not as_it_was(want, used, cache)
    assert not as_it_was(evolve(want, wanted=longer), evolve(used, end=longer.end), cache)
    whole = Window(days.start, DAY - ONE)
    assert as_it_was(evolve(want, wanted=whole), evolve(used, end=whole.end), cache)
    assert not as_it_was(want, used, AssetCache(cache.store, clock=lambda: now))
