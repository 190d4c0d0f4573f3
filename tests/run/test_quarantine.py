"""What is rejected at the boundary is kept, with its reason, and never read as data."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from attrs import evolve
from click.testing import CliRunner

from datalake.cache import AssetCache, SeriesKey, rejected
from datalake.cli import cli
from datalake.errors import SchemaError
from datalake.exits import Exit
from datalake.lake import quarantine
from datalake.models import Window
from datalake.plugins import Registry, load
from datalake.running.options import Options
from datalake.running.pipeline import run
from datalake.running.result import Result
from datalake.series import Reject
from datalake.stores.memory import MemoryStore

from .conftest import AS_OF, QUICKLY

KEY = "lunar-0123456789-abcdefghijklmnopqrstuvwxyz-secret"
NAME = "lunarcrush.social/bitcoin"
Spoil = Callable[[dict[str, Any]], dict[str, Any]]


def spoilt(spoil: Spoil) -> Registry:
    """The installed plugins, one of which has learnt to give nonsense."""
    registry = load()
    lunar = registry.providers["lunarcrush"]
    social = lunar.dataset("social")
    wrong = evolve(social, fetch=lambda *call: spoil(dict(social.fetch(*call))))
    nonsense = evolve(lunar, datasets=(wrong,))
    plugins = [
        evolve(plugin, providers=[nonsense if one == lunar else one for one in plugin.providers])
        for plugin in registry.plugins
    ]
    return evolve(registry, plugins=plugins)


def too_high(columns: dict[str, Any]) -> dict[str, Any]:
    """Two days of a score beyond 100."""
    scores = columns["galaxy_score"].copy()
    scores[1:3] = 100.5, 1e9
    return {**columns, "galaxy_score": scores}


def with_a_key(columns: dict[str, Any]) -> dict[str, Any]:
    """The vendor's answer echoes the key where a number should be."""
    return {**columns, "sentiment": [KEY] * len(columns["time"])}


@pytest.fixture
def bad_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Spoil], Result]:
    monkeypatch.chdir(tmp_path)

    def make(spoil: Spoil) -> Result:
        options = Options(
            cache=str(tmp_path / "lake"),
            output=str(tmp_path / "data.parquet"),
            sandbox=True,
            as_of=AS_OF,
            since=date(2026, 3, 1),
            assets=["bitcoin"],
        )
        return run(options, spoilt(spoil), {"LUNARCRUSH_API_KEY": KEY}, retry=QUICKLY)

    return make


def command(*arguments: str) -> Any:
    result = CliRunner().invoke(cli, [*arguments, "--cache", "lake", "--format", "json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_values_beyond_their_limits_are_kept(bad_run: Callable[[Spoil], Result]) -> None:
    """Null in the file, a count in the report, and the value with its day and reason here."""
    result = bad_run(too_high)
    assert result.exit is Exit.PUBLISHED, result.report.message
    assert result.report.providers["lunarcrush"]["rejected"] == 2
    (listed,) = command("quarantine", "list")
    assert (listed["series"], listed["rejected"]) == (NAME, 2)
    shown = command("quarantine", "show", NAME)
    assert [row["value"] for row in shown] == ["100.5", "1000000000.0"]
    assert {row["reason"] for row in shown} == {"must be from 0 to 100"}
    assert {row["column"] for row in shown} == {"galaxy_score"}
    assert listed["first_day"] == shown[0]["date"]
    assert command("quarantine", "list", "coingecko.*") == []
    assert command("cache", "stats")["others"]["rejected answers"]["objects"] == 1
    assert result.rows is not None
    assert result.rows["lc_galaxy_score"].max() <= 100  # type: ignore[operator]  # it has values


def test_foreign_readers_of_series_do_not_see_it(bad_run: Callable[[Spoil], Result]) -> None:
    """The glob of the page finds series only; the quarantine has one of its own."""
    bad_run(too_high)
    with duckdb.connect() as connection:
        series = connection.sql(
            "select max(galaxy_score) from read_parquet("
            "'lake/series/v1/provider=lunarcrush/dataset=social/*/series.parquet')"
        ).fetchall()
        rejected = connection.sql(
            "select count(*), any_value(asset) from read_parquet("
            "'lake/quarantine/v1/*/*/*/*.parquet', hive_partitioning = true)"
        ).fetchall()
    assert series[0][0] <= 100
    assert rejected == [(2, "bitcoin")]


def test_an_answer_that_is_refused_leaves_its_reason_and_no_key(
    bad_run: Callable[[Spoil], Result], tmp_path: Path
) -> None:
    """A key in a value is neither in the quarantine nor anywhere else in lake and report."""
    result = bad_run(with_a_key)
    assert result.exit is Exit.DEGRADED
    (row,) = command("quarantine", "show", NAME)
    assert "column 'sentiment' is declared double, but holds" in row["reason"]
    assert (row["date"], row["column"], row["value"]) == (None, None, None)
    forms = {KEY, base64.b64encode(KEY.encode()).decode(), KEY[:24]}
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert not any(form.encode() in path.read_bytes() for form in forms), path


def test_it_can_be_pruned(bad_run: Callable[[Spoil], Result]) -> None:
    """With what is that old, and with what no plugin offers any more."""
    bad_run(too_high)
    pruned = command("cache", "prune", "--orphans", "--plugins", "coingecko", "--dry-run")
    assert any(row["key"].startswith("quarantine/v1/") for row in pruned)


def test_what_a_pipeline_puts_in_by_itself_is_held_to_the_same() -> None:
    """Single values, and rows that are not as the dataset promises."""
    store = MemoryStore()
    key = SeriesKey("lunarcrush", "social", "bitcoin")
    social = load().providers["lunarcrush"].dataset("social")
    cache = AssetCache(store, clock=lambda: AS_OF)
    days = [date(2026, 3, 1), date(2026, 3, 2)]
    table: dict[str, list[Any]] = {name: [None, None] for name in social.columns}
    window = Window(days[0], date(2026, 3, 3))
    assert cache.put(key, social, "1", {"date": days, **table, "sentiment": [50.0, 900.0]}, window)
    with pytest.raises(SchemaError):
        cache.put(key, social, "1", {"date": days, **table, "sentiment": ["a", "b"]}, window)
    found = list(quarantine.rows(store, key))
    assert len(found) == 2
    assert {(row["column"], row["value"]) for row in found} == {
        ("sentiment", "900.0"),
        (None, None),
    }


def test_a_mad_vendor_does_not_fill_the_bucket() -> None:
    """So many values of one answer, so many answers of one series; the newest stay."""
    store, key = MemoryStore(), SeriesKey("a", "b", "c")
    start = datetime(2026, 3, 1, tzinfo=timezone.utc)
    many = [
        Reject("must be at least 0", date(2000, 1, 1) + timedelta(days=int(day)), "x", "-" * 500)
        for day in np.arange(5_000)
    ]
    for number in range(40):
        one = Reject(f"reason {number}")
        rejected.keep(store, key, [one, *many], start + timedelta(hours=number))
        rejected.keep(store, key, [one, *many], start + timedelta(hours=number + 1))  # again
    entries = list(store.list("quarantine/"))
    assert len(entries) == rejected.MOST_OBJECTS
    assert sum(entry.size for entry in entries) < 1 << 20
    rows = list(quarantine.rows(store, key))
    assert len(rows) == rejected.MOST_OBJECTS * rejected.MOST_ROWS
    assert rows[0]["reason"] == "reason 39"
    assert {row["reason"] for row in rows if "reason" in row["reason"]} == {
        f"reason {number}" for number in range(24, 40)
    }


def test_a_damaged_object_is_left_out() -> None:
    """It is only for looking at: whatever lies there, the rest is shown."""
    store, key = MemoryStore(), SeriesKey("a", "b", "c")
    moment = datetime(2026, 3, 1, tzinfo=timezone.utc)
    rejected.keep(store, key, [Reject("sound")], moment)
    rejected.keep(store, key, [Reject("damaged")], moment)
    for entry in store.list("quarantine/"):
        stored = store.get(entry.key)
        assert stored is not None
        if b"damaged" in stored.data or "damaged" in stored.metadata["reason"]:
            store.put(entry.key, b"x", stored.metadata, if_generation=entry.generation)
    assert [row["reason"] for row in quarantine.rows(store, key)] == ["sound"]
