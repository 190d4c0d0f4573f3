"""Published rows are taken once more, unread, only where a run that reads would make just these."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import pyarrow.compute as pc
import pytest
from attrs import evolve

from datalake.cache import AssetCache, Miss, SeriesKey
from datalake.models import Dataset, Window
from datalake.names import SERIES
from datalake.plugins import Registry, load
from datalake.rules import GateRules
from datalake.running.options import Options
from datalake.running.pipeline import run
from datalake.running.records import inputs
from datalake.running.result import Result
from datalake.stores import ABSENT, Entry, Store, Stored, open_store

from ..reports import check_report
from .conftest import AS_OF, QUICKLY

DAY, ONE = date(2026, 3, 14), timedelta(days=1)
BITCOIN = "provider=coingecko/dataset=market/asset=bitcoin/"


class Reading:
    """A store that remembers which objects were read."""

    def __init__(self, store: Store) -> None:
        self.store, self.read, self.late = store, list[str](), False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def get(self, key: str, *, known: Entry | None = None) -> Stored | None:
        self.read.append(key)
        return self.store.get(key, known=known)

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Nothing, if it is a listing of all series that came too early."""
        return iter(()) if self.late and prefix == SERIES else self.store.list(prefix)

    def series(self, folder: str) -> Sequence[str]:
        return [key for key in self.read if key.startswith(f"series/v1/{folder}")]


class Small:
    """A small run in a folder, and what it read."""

    def __init__(self, published: Path, folder: Path, log: pytest.LogCaptureFixture) -> None:
        copytree(published, folder, dirs_exist_ok=True)
        self.published, self.folder, self.log, self.registry = published, folder, log, load()
        self.store = Reading(open_store(str(folder / "lake"), {}))

    def __call__(self, **given: Any) -> tuple[Result, bool]:
        """The run, and whether it took published rows."""
        self.log.clear()
        self.store.read.clear()
        options = {
            "cache": "reading:",
            "output": self.folder / "data.parquet",
            "sandbox": True,
            "as_of": AS_OF,
            "since": date(2026, 1, 15),
            "top": 4,
        }
        made = run(Options(**{**options, **given}), self._registry(), {}, retry=QUICKLY)
        check_report(made.report.json())
        return made, "rows known" in [record.message for record in self.log.records]

    def _registry(self) -> Registry:
        first, *others = self.registry.plugins
        stores = {**first.stores, "reading": lambda url: self.store}
        return Registry([evolve(first, stores=stores), *others])

    def restore(self) -> None:
        """Let all lie there as it was."""
        rmtree(self.folder)
        copytree(self.published, self.folder)

    def forget(self, *others: Result) -> None:
        """Remove the records of all runs but these."""
        kept = [f"{made.report.run_id}.parquet" for made in others]
        for record in (self.folder / "lake/inputs/v1").glob("*.parquet"):
            if record.name not in kept:
                record.unlink()

    def declare(self, name: str, **other: Any) -> None:
        """From now on the plugin of a dataset says something else of it."""

        def changed(dataset: Dataset) -> Dataset:
            return evolve(dataset, **other) if dataset.name == name else dataset

        self.registry = Registry([
            evolve(plugin, providers=[
                evolve(provider, datasets=list(map(changed, provider.datasets)))
                for provider in plugin.providers
            ])
            for plugin in self.registry.plugins
        ])  # fmt: skip


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that has published."""
    folder = tmp_path_factory.mktemp("published")
    options = Options(
        cache=str(folder / "lake"),
        output=folder / "data.parquet",
        sandbox=True,
        as_of=AS_OF,
        since=date(2026, 1, 15),
        top=4,
    )
    assert int(run(options, load(), {}, retry=QUICKLY).exit) == 0
    return folder


@pytest.fixture
def small(published: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Small:
    """Makes a small run once more, of which all is published."""
    caplog.set_level(logging.INFO, logger="datalake")
    return Small(published, tmp_path, caplog)


def told(made: Result) -> dict[str, Any]:
    """All that a report says of a run but for its name, its times and its calls."""
    report = json.loads(made.report.json())
    for name in ("run_id", "started_at", "finished_at"):
        del report[name]
    for provider in report["providers"].values():
        del provider["throttled_seconds"]
    return dict(report)


def test_nothing_is_read_and_the_report_is_that_of_a_run_that_reads(small, tmp_path):
    before = (tmp_path / "data.parquet").read_bytes()
    made, known = small()
    assert known
    assert not small.store.series(BITCOIN)
    assert (int(made.exit), made.report.message) == (0, "nothing new to publish")
    assert (tmp_path / "data.parquet").read_bytes() == before
    assert small()[1]
    small.forget()
    whole, known = small()
    assert not known
    assert small.store.series(BITCOIN)
    assert whole.report.providers["coingecko"]["cache_hits"]
    assert told(made) == told(whole)
    assert made.rows.equals(whole.rows)


def test_its_record_is_that_of_a_run_that_reads(small):
    """The next runs go by it, and it can be replayed."""
    one, known = small()
    assert known
    small.forget(one)
    other, known = small()
    assert not known
    records = [inputs.read(small.store, made.report.run_id) for made in (one, other)]
    assert records[0].series == records[1].series


def test_later_on_the_same_day_only_the_notes_are_new(small):
    """Byte by byte what a run publishes that reads all, and the gate's checks are the same."""
    later = AS_OF + timedelta(hours=1)
    made, known = small(as_of=later)
    assert known
    assert not small.store.series(BITCOIN)
    assert made.report.output["new"]
    assert "second opinion of close" in [one["name"] for one in made.report.gate["checks"]]
    small.restore()
    small.forget()
    whole, known = small(as_of=later)
    assert not known
    assert told(made) == told(whole)
    assert made.rows.equals(whole.rows)


def test_who_has_to_ask_again_reads_all(small):
    """What was asked and not delivered is asked again after some hours."""
    made, known = small(as_of=AS_OF + timedelta(hours=7))
    asked = sum(one["calls"] for one in made.report.providers.values())
    lists = sum(one["calls"] for one in small()[0].report.providers.values())
    assert asked > lists
    assert not known


def test_a_list_that_is_down_is_asked_for_once(small):
    """Whoever finds then that something has changed knows that already."""
    down = {"sandbox_faults": ["llama=500"], "as_of": AS_OF + timedelta(hours=1)}
    made, known = small(**down)
    assert not known
    small.restore()
    small.forget()
    whole, _ = small(**down)
    assert whole.report.providers["defillama"]["failed"]
    assert told(made) == told(whole)


def test_another_word_of_a_plugin_counts(small):
    """Another name of an asset, none at all, other limits, and a reducer, which may be any."""
    name = lambda asset, client: "other" if asset.id == "bitcoin" else asset.id  # noqa: E731
    none = lambda asset, client: None if asset.id == "bitcoin" else asset.id  # noqa: E731
    columns = load().providers["coingecko"].dataset("market").columns
    limited = {**columns, "volume": evolve(columns["volume"], maximum=1e18)}
    for other in ({"resolve": name}, {"resolve": none}, {"columns": limited}):
        small.restore()
        small.declare("market", **other)
        assert not small()[1], other
        small.registry = load()
    small.restore()
    assert small()[1]
    small.registry = Registry([evolve(load().plugins[0], reducers={"own": sum}), *load().plugins])
    assert not small()[1]


def test_after_a_degraded_run_all_is_read(small):
    """What stood in then may be had now, and what failed is to be told again."""
    day = AS_OF + timedelta(days=1)
    made, known = small(as_of=day, sandbox_faults=["lunarcrush=401"], force_publish="no scores")
    assert (int(made.exit), known) == (3, False)
    made, known = small(as_of=day, sandbox_faults=["lunarcrush=401"], force_publish="no scores")
    assert (int(made.exit), known) == (3, False)
    made, known = small(as_of=day)
    assert (int(made.exit), known) == (0, False)


def test_another_wish_is_folded(small, tmp_path):
    """Each of these is published before the next comes."""
    own = tmp_path / "own.yaml"
    own.write_text("version: 1\nassets:\n  bitcoin:\n    wrapped: [wrapped-bitcoin]\n")
    wishes: list[dict[str, Any]] = [
        {"until": "now"},
        {"columns": "extended"},
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


LOST = {
    "data.published/current.json": False,
    "data.published/versions/*/user_facing_data.parquet": True,
    "data.published/versions/*/report.json": False,
    "lake/inputs/v1/*.parquet": True,
}


def test_what_is_not_whole_is_folded_and_healed(small, tmp_path):
    version = small()[0].report.output["version"]
    for lost, damaged in LOST.items():
        small.restore()
        for path in tmp_path.glob(lost):
            data = path.read_bytes()
            path.unlink()
            if damaged:
                path.write_bytes(data[: len(data) // 2])
        made, known = small()
        assert not known, lost
        assert made.report.output["version"] == version, lost
    small.restore()
    assert small()[1]


def test_a_report_is_believed_only_as_it_was_written(small, tmp_path):
    """What the guard found is told once more from there, again and again."""
    assert small()[1]
    (report,) = tmp_path.glob("data.published/versions/*/report.json")
    told_then = json.loads(report.read_text())
    told_then["mapping"]["straying"] = [{"asset": "staked-ether"}]
    for other in (json.dumps(told_then), "[" * 100_000):
        report.write_text(other)
        made, known = small()
        assert not known
        assert made.report.mapping["straying"] == []


def test_earlier_days_that_came_after_the_listing_count(small, tmp_path):
    """Who listed the lake before another pipeline put them there has folded the wanted ones."""
    small(since=None, output=tmp_path / "other.parquet")
    mine = {"output": tmp_path / "mine.parquet"}
    small.store.late = True
    first, _ = small(**mine)
    small.store.late = False
    second, known = small(**mine)
    records = [inputs.read(small.store, made.report.run_id) for made in (first, second)]
    starts = [min(one.start for one in record.series) for record in records]
    assert starts[1] < starts[0]
    assert not known


def test_a_damaged_copy_is_made_again(small, tmp_path):
    copy = tmp_path / "data.parquet"
    before = copy.read_bytes()
    copy.write_bytes(b"")
    made, _ = small()
    assert copy.read_bytes() == before
    assert not made.report.output["new"]


def put_another_price(lake: Path, moment: datetime) -> None:
    """As another pipeline does that shares the cache."""
    market = load().providers["coingecko"].dataset("market")
    key = SeriesKey("coingecko", "market", "bitcoin")
    cache = AssetCache(open_store(str(lake), {}), clock=lambda: moment)
    rows = cache.read(key, market)
    assert not isinstance(rows, Miss)
    price = pc.multiply(rows["price"], 1.001)
    rows = rows.set_column(rows.column_names.index("price"), "price", price)
    window = Window(rows["date"][0].as_py(), rows["date"][-1].as_py() + timedelta(days=1))
    cache.put(key, market, "bitcoin", rows, window)


def test_another_value_is_folded(small, tmp_path):
    """All comes from the cache, where it is another by now."""
    later = AS_OF + timedelta(minutes=1)
    put_another_price(tmp_path / "lake", later)
    made, known = small(as_of=later)
    assert made.report.providers["coingecko"]["cache_hits"]
    assert made.report.output["new"]
    assert not known


def test_the_record_of_another_run_says_nothing(small, tmp_path):
    """It was copied, with all that the store knows of it, over that of the run that published."""
    later = AS_OF + timedelta(minutes=1)
    (published,) = (one.key for one in small.store.list("inputs/v1/"))
    put_another_price(tmp_path / "lake", later)
    other, _ = small(as_of=later, output=tmp_path / "other.parquet")
    copied = small.store.get(f"inputs/v1/{other.report.run_id}.parquet")
    small.store.delete(published)
    small.store.put(published, copied.data, copied.metadata, if_generation=ABSENT)
    made, known = small(as_of=later)
    assert not known
    assert made.report.output["sha256"] == other.report.output["sha256"]


def test_a_witness_that_has_rotted_unseen_is_fetched_again(small, tmp_path):
    """The listing tells nothing of it, and the gate is to hear the witness."""
    (series,) = tmp_path.glob("lake/series/v1/*/dataset=social/asset=bitcoin/*.parquet")
    stat, data = series.stat(), series.read_bytes()
    series.write_bytes(bytes([*data[:99], data[99] ^ 1, *data[100:]]))
    os.utime(series, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    made, known = small()
    assert not known
    assert made.report.providers["lunarcrush"]["calls"] > 1


def test_a_series_that_is_gone_or_damaged_is_fetched_again(small, tmp_path):
    (series,) = tmp_path.glob("lake/series/v1/*/dataset=market/asset=bitcoin/*.parquet")
    data = series.read_bytes()
    for change in (None, data[:99], bytes([*data[:99], data[99] ^ 1, *data[100:]])):
        small.restore()
        series.unlink()
        if change:
            series.write_bytes(change)
        made, known = small()
        assert not known
        assert made.report.providers["coingecko"]["calls"] > 1
