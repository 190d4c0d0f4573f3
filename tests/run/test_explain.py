"""A published number is explained from what its run was made of, whatever has happened since."""

from __future__ import annotations

import random
import shutil
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from datalake import ConfigError
from datalake.cache import AssetCache, SeriesKey
from datalake.exits import Exit
from datalake.explaining.explain import explain
from datalake.explaining.published import lake_of, read_file
from datalake.models import DAY, Window
from datalake.plugins import load
from datalake.publish.history import roll_back
from datalake.publish.place import LocalPlace
from datalake.publish.pointer import Keep
from datalake.stores import open_store

from .conftest import AS_OF

REGISTRY = load()
CELLS = 4  # of each column, half of them with a value
SMALL = {"top": 2, "providers": ["coingecko"]}


@pytest.fixture
def store(tmp_path):
    """The lake that the runs fill."""
    return open_store(str(tmp_path / "lake"), {})


@pytest.fixture
def explained(tmp_path, store):
    """Explain a cell of a file, the usual one unless told otherwise."""

    def call(asset, column, day=None, output="data.parquet"):
        return explain(
            read_file(LocalPlace(tmp_path / output)), store, REGISTRY, asset, column, day
        )

    return call


def sampled(path: Path, seed: int):
    """Random cells of each column of a published file: asset, column, day and value."""
    rows = pl.read_parquet(path).with_columns(pl.col("date").dt.date())
    columns = [name for name in rows.columns if name not in ("date", "canonical_id")]
    chance = random.Random(seed)
    for column in columns:
        for known in (True, False):
            some = rows.filter(pl.col(column).is_not_null() == known)
            count = min(CELLS // 2, some.height)
            for place in chance.sample(range(some.height), count):
                row = some.row(place, named=True)
                yield row["canonical_id"], column, row["date"], row[column]


def revise(store, asset, days):
    """The vendor says something else of some days, an hour after the run."""
    market = REGISTRY.provider("coingecko").dataset("market")
    cache = AssetCache(store, clock=lambda: AS_OF + timedelta(hours=1))
    rows = {
        "date": days,
        "price": [12_345.0] * len(days),
        "market_cap": [1e12] * len(days),
        "volume": [1e10] * len(days),
    }
    key = SeriesKey("coingecko", "market", asset)
    cache.put(key, market, asset, rows, Window(days[0], days[-1] + DAY))


def test_every_column_over_random_cells_also_after_the_cache_has_moved_on(
    sandbox_run, store, explained, tmp_path
):
    """Equal to the published cell: at once; after the next day's run, a revision of the vendor's,
    and an edit of the mapping that the run went by."""
    mapping = tmp_path / "mine.yaml"
    mapping.write_text(
        "version: 1\noverrides:\n  ethereum:\n    volume: [{from: native, until: 2026-02-01}]\n"
    )
    made = sandbox_run(columns="extended", mapping=mapping)
    assert made.exit is Exit.PUBLISHED
    cells = list(sampled(tmp_path / "data.parquet", seed=1))
    assert len({column for _, column, _, _ in cells}) >= 13
    assert sum(value is None for *_, value in cells) > 10

    def check():
        for asset, column, day, value in cells:
            found = explained(asset, column, day)
            where = (asset, column, day, found.cell, found.lost)
            assert found.equal, where
            assert (found.published, found.cell.value) == (value, value), where
            assert (found.cell.note is None) == (value is not None), where

    check()
    sandbox_run(as_of=AS_OF + DAY, output=tmp_path / "next.parquet")
    days = [date(2026, 2, 1) + n * DAY for n in range(40)]
    revise(store, "bitcoin", days)
    revise(store, "wrapped-bitcoin", days)
    mapping.write_text("version: 1\nassets:\n  bitcoin:\n    wrapped: [wrapped-bitcoin]\n")
    check()
    # and what was revised shows in what is published from then on
    sandbox_run(output=tmp_path / "after.parquet", as_of=AS_OF + 2 * DAY)
    later = explained("bitcoin", "close", days[3], "after.parquet")
    assert (later.published, later.equal) == (12_345.0, True)


def test_what_is_told_of_a_number(sandbox_run, explained):
    """The rule and its line, each member's part, native ids, objects and when they were learnt."""
    sandbox_run(**SMALL)
    found = explained("wrapped-bitcoin", "volume", date(2026, 3, 1))
    assert found.canonical_id == "bitcoin"
    assert found.cell.rule.text == "{sum: members}"
    assert str(found.cell.rule.where).startswith("canonical_mapping.yaml:")
    parts = {part.asset: part for part in found.cell.members}
    assert parts["bitcoin"].kind == "native"
    assert parts["wrapped-bitcoin"].where.startswith("canonical_mapping.yaml:")
    entered = [part.value for part in parts.values() if part.entered]
    assert len(entered) > 5
    assert sum(entered) == pytest.approx(found.published)
    series = {one.asset: one for one in found.inputs}
    assert series["wrapped-bitcoin"].native_id == "wrapped-bitcoin"
    assert series["wrapped-bitcoin"].learnt_at == AS_OF
    assert len(series["wrapped-bitcoin"].sha256) == 64
    close = explained("bitcoin", "close", date(2026, 3, 1)).cell
    assert [part.asset for part in close.members if part.entered] == ["bitcoin"]
    others = {part.why for part in close.members if not part.entered and part.value is not None}
    assert others == {"not taken by the rule"}


def test_the_newest_day_with_a_value_is_the_default(sandbox_run, explained):
    """A column that settles later has an earlier one."""
    sandbox_run(**SMALL)
    assert explained("bitcoin", "close").day == AS_OF.date() - DAY


def test_a_cell_that_is_withheld_says_by_whom(sandbox_run, explained):
    """A member that could not be had on the first day, or on the last ones."""
    sandbox_run(sandbox_faults=["coins/wrapped-bitcoin/market_chart=string"], **SMALL)
    found = explained("bitcoin", "volume", date(2026, 3, 1))
    assert found.equal
    assert found.published is None
    assert "could not be had (wrapped-bitcoin)" in found.cell.note


def test_an_asset_of_the_universe_without_any_row(sandbox_run, explained):
    """Its only source failed: nothing of it is in the file, and that is explained, too."""
    sandbox_run(sandbox_faults=["coins/bitcoin/market_chart=string"], **SMALL)
    found = explained("bitcoin", "close")
    assert (found.day, found.published, found.equal) == (AS_OF.date() - DAY, None, True)
    assert "could not be had (bitcoin)" in found.cell.note


def test_a_cell_that_waits_for_a_late_member(sandbox_run, explained, tmp_path):
    """Known to the day before: then it has a value, on the last day it has none."""
    sandbox_run(**SMALL)
    options = {**SMALL, "as_of": AS_OF + DAY, "output": tmp_path / "next.parquet"}
    sandbox_run(sandbox_faults=["coins/bitcoin/market_chart=string"], **options)
    known = explained("bitcoin", "volume", None, "next.parquet")
    assert (known.day, known.equal) == (AS_OF.date() - DAY, True)
    late = explained("bitcoin", "volume", AS_OF.date(), "next.parquet")
    assert (late.published, late.equal) == (None, True)
    assert "could be had only through 2026-03-14 (bitcoin)" in late.cell.note


def test_inputs_that_are_gone_are_said(sandbox_run, store, explained):
    """A pruned series cannot be recomputed; a column that does not need it still can."""
    sandbox_run(top=2, providers=["coingecko", "lunarcrush"])
    path = SeriesKey("coingecko", "market", "wrapped-bitcoin").path
    store.delete(path)
    found = explained("bitcoin", "volume", date(2026, 3, 1))
    assert not found.equal
    assert list(found.lost) == ["coingecko.market/wrapped-bitcoin"]
    assert explained("bitcoin", "lc_sentiment").equal


def test_a_file_whose_run_is_not_known(sandbox_run, explained, tmp_path):
    """Its history says it, else the report beside it, else one in the lake; changed bytes are no
    run's."""
    sandbox_run(**SMALL)
    assert explained("bitcoin", "close").equal
    shutil.rmtree(tmp_path / "data.published")
    assert explained("bitcoin", "close").equal
    (tmp_path / "data.report.json").unlink()
    assert explained("bitcoin", "close").equal
    rows = pl.read_parquet(tmp_path / "data.parquet")
    rows.write_parquet(tmp_path / "data.parquet")
    with pytest.raises(ConfigError, match="nothing says which run made"):
        explained("bitcoin", "close")


def test_after_a_rollback(sandbox_run, explained, store, tmp_path):
    """What is published again was made by its own run, not by the last one."""
    first = sandbox_run(**SMALL)
    second = sandbox_run(as_of=AS_OF + DAY, **SMALL)
    assert explained("bitcoin", "close").run_id == second.report.run_id
    place = LocalPlace(tmp_path / "data.parquet")
    roll_back(place, None, "to see", Keep(), lambda: AS_OF + DAY)
    found = explained("bitcoin", "close")
    assert (found.run_id, found.equal) == (first.report.run_id, True)
    assert lake_of(read_file(place)) == store.url


def test_a_refused_runs_report_is_not_taken_for_the_files(sandbox_run, explained, tmp_path):
    """It lies beside the file, and is of another run."""
    sandbox_run(**SMALL)
    faults = ["coins/bitcoin/market_chart=string"]
    refused = sandbox_run(as_of=AS_OF + DAY, strict=True, sandbox_faults=faults, **SMALL)
    assert refused.exit is Exit.REFUSED
    found = explained("bitcoin", "close")
    assert (found.day, found.equal) == (AS_OF.date() - DAY, True)


@pytest.mark.parametrize(
    ("asset", "column", "day", "words"),
    [
        ("bitcoin", "volumes", None, "did you mean 'volume'"),
        ("bitcion", "volume", None, "did you mean 'bitcoin'"),
        ("no-such-coin", "volume", None, "was not in the universe of that run"),
        ("bitcoin", "volume", date(2026, 4, 1), "the last day of .* is 2026-03-14"),
    ],
)
def test_what_is_not_there(sandbox_run, explained, asset, column, day, words):
    """Said with what was probably meant."""
    sandbox_run(**SMALL)
    with pytest.raises(ConfigError, match=words):
        explained(asset, column, day)
