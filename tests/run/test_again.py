"""Published rows are taken once more only where folding would give just these."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import pyarrow.compute as pc
import pytest
from attrs import evolve, fields_dict

from datalake.cache import AssetCache, Miss, SeriesKey
from datalake.models import Window
from datalake.plugins import load
from datalake.rules import GateRules
from datalake.running.again import BESIDE_INPUT, BESIDE_RECIPE, deciding
from datalake.running.inputs import Input
from datalake.running.recipe import Recipe
from datalake.stores import open_store

from .conftest import AS_OF

DAY = date(2026, 3, 14)
RECIPE = Recipe(
    as_of=AS_OF,
    last_day=DAY,
    since=None,
    columns="standard",
    stale_days=3,
    synthetic=True,
    mapping_sha256="a",
)
INPUT = Input(
    provider="coingecko",
    dataset="market",
    kept_as="market",
    asset="bitcoin",
    native_id="bitcoin",
    how="cached",
    start=DAY,
    end=DAY + timedelta(days=1),
    columns=["price", "volume"],
    rows=1,
    fingerprint="b",
    sha256="c",
    learnt_at=AS_OF,
    asked_at=AS_OF,
    known_through=None,
)
OTHER: dict[str, Any] = {
    "as_of": AS_OF + timedelta(hours=1),
    "last_day": DAY - timedelta(days=1),
    "since": DAY,
    "columns": "extended",
    "stale_days": 4,
    "synthetic": False,
    "open_day": DAY,
    "start": DAY - timedelta(days=1),
    "end": DAY + timedelta(days=2),
    "rows": 2,
    "learnt_at": AS_OF + timedelta(hours=1),
    "asked_at": AS_OF + timedelta(hours=1),
    "known_through": DAY,
    "how": "fetched",
}


def other(name: str) -> Any:
    """Another value of a field."""
    return OTHER.get(name, "something else")


def test_whatever_decides_rows_is_compared():
    """A field that is added counts, until somebody says that it decides nothing."""
    assert {"as_of"} == BESIDE_RECIPE
    assert {"how", "sha256", "learnt_at", "asked_at"} == BESIDE_INPUT
    same = deciding(RECIPE, [INPUT], {"polars": "1"})
    for name in fields_dict(Recipe):
        changed = deciding(evolve(RECIPE, **{name: other(name)}), [INPUT], {"polars": "1"})
        assert (changed == same) == (name in BESIDE_RECIPE), name
    for name in fields_dict(Input):
        changed = deciding(RECIPE, [evolve(INPUT, **{name: other(name)})], {"polars": "1"})
        assert (changed == same) == (name in BESIDE_INPUT), name
    assert deciding(RECIPE, [INPUT], {"polars": "2"}) != same
    assert deciding(RECIPE, [INPUT, INPUT], {"polars": "1"}) != same
    assert deciding(RECIPE, [], {"polars": "1"}) != same


@pytest.fixture
def small(sandbox_run, caplog):
    """Make a small run, and say besides whether it took published rows."""
    caplog.set_level(logging.INFO, logger="datalake")

    def make(**given: Any):
        caplog.clear()
        made = sandbox_run(**{"top": 4, **given})
        return made, "rows known" in [record.message for record in caplog.records]

    make()
    return make


def test_the_same_again_is_not_folded(small, tmp_path):
    before = (tmp_path / "data.parquet").read_bytes()
    first = small()[0].report
    made, known = small()
    assert known
    assert (int(made.exit), made.report.message) == (0, "nothing new to publish")
    assert made.report.mapping == first.mapping
    assert made.report.freshness == first.freshness
    assert made.report.output == first.output
    assert (tmp_path / "data.parquet").read_bytes() == before
    assert made.rows is not None
    assert made.rows.height == made.report.output["rows"]


def test_later_on_the_same_day_only_the_notes_are_new(small, tmp_path):
    """Byte by byte what a run publishes that has nothing to go by."""
    later = AS_OF + timedelta(hours=1)
    made, known = small(as_of=later)
    assert known
    assert made.report.output["new"]
    fresh, known = small(as_of=later, output=tmp_path / "elsewhere.parquet")
    assert not known
    assert made.report.output["version"] == fresh.report.output["version"]
    assert made.report.mapping == fresh.report.mapping
    assert made.rows.equals(fresh.rows.select(made.rows.columns))


def test_another_wish_is_folded(small, tmp_path):
    """Each of these is published before the next comes."""
    own = tmp_path / "own.yaml"
    own.write_text("version: 1\nassets:\n  bitcoin:\n    wrapped: [wrapped-bitcoin]\n")
    wishes: list[dict[str, Any]] = [
        {"columns": "extended"},
        {"until": "now"},
        {"until": date(2026, 3, 13)},
        {"since": date(2026, 2, 1)},
        {"top": 5},
        {"providers": ["coingecko"]},
        {"refresh": ["coingecko"]},
        {"gate": GateRules(stale_days=9)},
        {"mapping": own},
        {"as_of": AS_OF + timedelta(days=1)},
    ]
    for minute, wish in enumerate(wishes):
        moment = {"as_of": AS_OF + timedelta(minutes=minute), **wish}
        made, known = small(**moment, force_publish="another wish")
        assert not known, wish
        assert made.report.output["new"], wish


LOST = [
    "data.published/current.json",
    "data.published/versions/*/user_facing_data.parquet",
    "data.published/versions/*/report.json",
    "lake/inputs/v1/*.parquet",
]


def test_what_is_not_whole_is_folded_and_healed(small, tmp_path):
    version = small()[0].report.output["version"]
    whole = tmp_path / "whole"
    for name in ("lake", "data.published"):
        copytree(tmp_path / name, whole / name)
    for lost, damaged in product(LOST, (False, True)):
        for path in tmp_path.glob(lost):
            data = path.read_bytes()
            path.unlink()
            if damaged:
                path.write_bytes(data[: len(data) // 2])
        made, known = small()
        assert not known, lost
        assert made.report.output["version"] == version, lost
        for name in ("lake", "data.published"):
            rmtree(tmp_path / name)
            copytree(whole / name, tmp_path / name)
    assert small()[1]


def test_a_damaged_copy_is_made_again(small, tmp_path):
    copy = tmp_path / "data.parquet"
    before = copy.read_bytes()
    copy.write_bytes(b"")
    made, _ = small()
    assert copy.read_bytes() == before
    assert not made.report.output["new"]


def test_another_value_is_folded(small, tmp_path):
    """All comes from the cache, into which another pipeline has put a price."""
    later = AS_OF + timedelta(minutes=1)
    market = load().providers["coingecko"].dataset("market")
    key = SeriesKey("coingecko", "market", "bitcoin")
    cache = AssetCache(open_store(str(tmp_path / "lake"), {}), clock=lambda: later)
    rows = cache.read(key, market)
    assert not isinstance(rows, Miss)
    price = pc.multiply(rows["price"], 1.001)
    rows = rows.set_column(rows.column_names.index("price"), "price", price)
    window = Window(rows["date"][0].as_py(), rows["date"][-1].as_py() + timedelta(days=1))
    cache.put(key, market, "bitcoin", rows, window)
    made, known = small(as_of=later)
    assert made.report.providers["coingecko"]["cache_hits"]
    assert made.report.output["new"]
    assert not known


def test_a_lake_that_lost_something_is_folded(small, tmp_path):
    """A series that is gone is fetched again, and who fetches folds."""
    series = next(Path(tmp_path, "lake").glob("series/v1/*/dataset=market/asset=bitcoin/*.parquet"))
    series.unlink()
    assert not small()[1]
