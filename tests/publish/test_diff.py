"""What changed between two versions, and the cause that is given for it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from attrs import evolve

from datalake.errors import ConfigError
from datalake.publish import publish
from datalake.publish.diff import CAUSES, compare
from datalake.publish.history import read_history
from datalake.publish.place import LocalPlace

from .conftest import LAST_DAY


@pytest.fixture
def diff(made, output):
    """Publish two candidates and compare them."""

    def call(then, now):
        for candidate in (then, now):
            assert publish(candidate, output, force="for the test").new
        place = LocalPlace(output)
        after, before = read_history(place).history
        return compare(place, before, after)

    return call


@pytest.fixture
def later(made):
    """A candidate of the next instant."""
    return lambda rows, **changes: made(rows, as_of=made().as_of + timedelta(hours=1), **changes)


def told(found):
    return {(one.canonical_id, one.column, one.why): one.cells for one in found.changes}


def cell(rows, asset, day, **values):
    """The rows with some values of one row replaced."""
    here = (pl.col("canonical_id") == asset) & (pl.col("date") == day)
    return rows.with_columns(
        pl.when(here).then(pl.lit(value, pl.Float64)).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


def test_nothing_changed_but_the_instant(diff, made, later, frame):
    found = diff(made(frame()), later(frame()))
    assert not found.changes
    assert not found.mapping_changed


def test_a_new_day(diff, made, later, frame):
    """Each known cell of it, and no cell of the days before."""
    rows = frame(days=10)
    then = made(rows.filter(pl.col("date") < LAST_DAY), last_day=LAST_DAY - timedelta(days=1))
    found = diff(then, later(rows))
    assert set(told(found).values()) == {1}
    assert {why for _, _, why in told(found)} == {"new_day"}
    assert len(found.changes) == 2 * 8


def test_an_open_day_is_told_as_one(diff, made, later, frame):
    """Whether its state moved on, or closed data took its place: it is no revision."""
    rows = frame(days=10)
    then = made(rows, open_day=LAST_DAY)
    moved = later(cell(rows, "aave", LAST_DAY, close=150.0, volume=None), open_day=LAST_DAY)
    assert told(diff(then, moved)) == {
        ("aave", "close", "open_day"): 1,
        ("aave", "volume", "open_day"): 1,
    }


def test_closed_data_take_the_place_of_an_open_day(diff, made, later, frame):
    """And the next day is open."""
    rows = frame(days=10)
    yesterday = LAST_DAY - timedelta(days=1)
    before = rows.filter(pl.col("date") < LAST_DAY)
    then = made(before, open_day=yesterday, last_day=yesterday)
    found = diff(then, later(cell(rows, "aave", yesterday, close=150.0), open_day=LAST_DAY))
    assert {why for _, _, why in told(found)} == {"open_day"}
    assert {one.day for one in found.changes} == {yesterday, LAST_DAY}


def test_revised_filled_and_withdrawn(diff, made, later, frame):
    """Cells of days that were published; the example is the one that changed most."""
    day, other = LAST_DAY - timedelta(days=3), LAST_DAY - timedelta(days=4)
    then = cell(frame(), "aave", day, volume=None, close=100.0)
    now = cell(cell(frame(), "aave", day, market_cap=None, close=150.0), "aave", other, close=1.0)
    found = diff(made(then), later(now))
    assert told(found) == {
        ("aave", "close", "revision"): 2,
        ("aave", "market_cap", "withdrawn"): 1,
        ("aave", "volume", "filled"): 1,
    }
    close = found.changes[0]
    assert (close.first, close.last, close.day, close.after) == (other, day, other, 1.0)
    assert close.share == pytest.approx(1 / close.before - 1)


def test_assets_and_columns_that_came_and_left(diff, made, later, frame):
    """Named, and their cells are given no other cause."""
    then = made(frame(ids=("aave", "bitcoin"), extended=("open",)))
    now = later(frame(ids=("bitcoin", "cardano"), extended=("high",)))
    found = diff(then, now)
    assert (found.came, found.left) == (["cardano"], ["aave"])
    assert (found.columns_came, found.columns_left) == (["high"], ["open"])
    causes = {(asset, why) for asset, _, why in told(found)}
    assert {("cardano", "asset_came"), ("aave", "asset_left")} <= causes
    assert ("bitcoin", "high", "column_came") in told(found)
    assert ("bitcoin", "open", "column_left") in told(found)


def test_a_window_that_moved_on(diff, made, later, frame):
    """Days before the first one now are not withdrawn values."""
    rows = frame(days=10)
    found = diff(made(rows), later(rows.filter(pl.col("date") > date(2026, 2, 22))))
    assert {why for _, _, why in told(found)} == {"window"}


def test_an_edited_mapping_explains_what_it_touched(diff, made, later, frame):
    """The asset whose members changed, and the column whose rule did; no other."""
    day = LAST_DAY - timedelta(days=3)
    now = frame()
    for asset in ("aave", "bitcoin"):
        now = cell(now, asset, day, volume=1.0, close=2.0)
    after = later(now, mapping_sha256="cd" * 32)
    after = evolve(
        after,
        assets=[
            evolve(one, members=[*one.members, "more"]) if one.canonical_id == "aave" else one
            for one in after.assets
        ],
        columns=[
            evolve(one, rule="another") if one.name == "close" else one for one in after.columns
        ],
    )
    found = diff(made(frame()), after)
    assert found.mapping_changed
    assert told(found) == {
        ("aave", "close", "mapping"): 1,
        ("aave", "volume", "mapping"): 1,
        ("bitcoin", "close", "mapping"): 1,
        ("bitcoin", "volume", "revision"): 1,
    }


def test_a_damaged_version_is_named(diff, made, later, frame, output):
    diff(made(frame()), later(frame()))
    place = LocalPlace(output)
    after, before = read_history(place).history
    folder = output.with_name("user_facing_data.published") / "versions" / before.version
    (folder / "user_facing_data.parquet").write_bytes(b"")
    with pytest.raises(ConfigError, match=f"{before.version} is damaged"):
        compare(place, before, after)


def test_each_cause_is_described():
    page = Path(__file__).parents[2] / "docs" / "how-to" / "publishing.md"
    text = page.read_text(encoding="utf-8")
    assert all(f"`{cause}`" in text for cause in CAUSES)
