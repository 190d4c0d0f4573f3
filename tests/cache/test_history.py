"""A series as it was known at a moment is what a read at that moment gave."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from attrs import evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from datalake.cache import REVISIONS, AssetCache, Found, Miss
from datalake.models import DAY, Column, Window
from datalake.stores.memory import MemoryStore

START = datetime(2026, 3, 10, 8, tzinfo=timezone.utc)
VALUES = st.one_of(st.none(), st.integers(1, 4).map(float))


class Histories(RuleBasedStateMachine):
    """Whatever vendors, writers and mappings do: each read of the past repeats itself."""

    @initialize()
    def start(self):
        self.lake = self.new_lake(MemoryStore())
        self.lake.now, self.lake.born = START, START.date() - 8 * DAY
        self.reads = {}

    @rule(hours=st.integers(1, 40))
    def time_passes(self, hours):
        self.lake.now += timedelta(hours=hours)

    @rule(back=st.integers(1, 8), price=VALUES, rank=VALUES)
    def the_vendor_changes_its_mind(self, back, price, rank):
        self.lake.changed[self.lake.today - back * DAY] = {"price": price, "rank": rank}

    @rule(late=st.integers(0, 3))
    def the_vendor_is_late(self, late):
        self.lake.through = self.lake.today - late * DAY

    @rule(name=st.sampled_from(["bitcoin", "BTC"]))
    def the_name_is_another(self, name):
        self.lake.native_id = name

    @rule(back=st.integers(1, 9), length=st.integers(1, 9), refresh=st.booleans())
    def a_run(self, back, length, refresh):
        self.get(self.lake, back, length, refresh=refresh)

    @rule(back=st.integers(1, 9), length=st.integers(1, 9), name=st.sampled_from(["bitcoin", "B"]))
    def two_runs_at_once(self, back, length, name):
        """The rival writes between our look and our answer."""

        def fetch(window):
            rival = evolve(self.lake, native_id=name)
            self.get(rival, length, back)
            self.lake.now += timedelta(seconds=1)
            return self.lake.fetch(window)

        self.get(self.lake, back, length, fetch=fetch)

    @rule(back=st.integers(1, 9), length=st.integers(1, 9))
    def a_run_with_a_slow_clock(self, back, length):
        """What was learnt before is written only now: nobody could have read it meanwhile."""
        slow = evolve(self.lake, now=self.lake.now - timedelta(hours=5))
        self.get(slow, back, length)
        self.reads = {moment: read for moment, read in self.reads.items() if moment < slow.now}

    def get(self, lake, back, length, **more):
        start = lake.today - back * DAY
        end = min(start + length * DAY, lake.today)
        if start < end:
            lake.get(start, end, **more)

    @invariant()
    def somebody_reads(self):
        self.reads[self.lake.now] = self.lake.cache.find(self.key, self.lake.dataset)
        self.lake.now += timedelta(seconds=1)

    def teardown(self):
        """Each read repeats itself."""
        for moment, then in self.reads.items():
            again = self.lake.cache.at(moment).find(self.key, self.lake.dataset)
            assert isinstance(again, Miss) == isinstance(then, Miss), (moment, again, then)
            if isinstance(then, Found):
                assert again.table.equals(then.table), moment
                assert again.native_id == then.native_id


@pytest.mark.parametrize("examples", [60, pytest.param(1500, marks=pytest.mark.slow)])
def test_reads_of_the_past_against_a_record_of_them(new_lake, key, examples):
    """Any interleaving of fetches, revisions, other names and rivals."""
    Histories.new_lake, Histories.key = staticmethod(new_lake), key
    Histories.TestCase.settings = settings(
        max_examples=examples, stateful_step_count=12, deadline=None, derandomize=True
    )
    Histories.TestCase().runTest()


def test_a_null_that_is_filled_keeps_what_was_known_beside_it(lake, key):
    """It is no revision, and yet the row of before is to be readable."""
    day = date(2026, 3, 10)
    lake.changed = {day: {"price": None}}
    before = lake.get("2026-03-08", "2026-03-12").table
    then, lake.now = lake.now, lake.now + timedelta(days=1)
    lake.changed = {}
    filled = lake.get("2026-03-08", "2026-03-16")
    assert filled.revisions == 0
    found = lake.cache.at(then).find(key, lake.dataset)
    assert found.table.drop_columns(["observed_at"]).equals(before)
    assert found.coverage.complete_through == date(2026, 3, 11)


def test_a_series_of_another_name_makes_room(lake, key):
    """It is kept whole, by its own name, and the new one says nothing of the time before."""
    old = lake.get("2026-03-01", "2026-03-10").table
    then, lake.now = lake.now, lake.now + timedelta(hours=1)
    lake.native_id, lake.born = "btc-2", date(2026, 3, 5)
    new = lake.get("2026-03-01", "2026-03-10").table
    cache = lake.cache
    past, present = (cache.at(moment).find(key, lake.dataset) for moment in (then, lake.now))
    assert (past.native_id, present.native_id) == ("bitcoin", "btc-2")
    assert past.table.drop_columns(["observed_at"]).equals(old)
    assert present.table.drop_columns(["observed_at"]).equals(new)
    assert len(new) < len(old)
    other = cache.at(then).find(key, lake.dataset, "btc-2")
    assert "first kept at 2026-03-15 11:00Z" in other.reason


def test_a_series_with_other_columns_makes_room(lake, key):
    """Its bytes stay, for whoever has that dataset's columns."""
    lake.get("2026-03-01", "2026-03-10")
    then, lake.now = lake.now, lake.now + timedelta(hours=1)
    old = lake.dataset
    lake.dataset = evolve(old, columns={**old.columns, "more": Column("", "something more")})
    answer = {"time": [1772323200], "price": [1.0], "rank": [1], "label": ["a"], "more": [2.0]}
    lake.get("2026-03-01", "2026-03-02", fetch=lambda window: answer)
    assert len(lake.cache.at(then).find(key, old).table) == 9
    assert isinstance(lake.cache.at(then).find(key, lake.dataset), Miss)


def test_what_is_damaged_is_not_believed_later(key, dataset, new_lake):
    """Single rows that were revised are no whole series: of the time before nothing is claimed."""
    lake = new_lake(MemoryStore())
    lake.get("2026-03-01", "2026-03-10")
    lake.now += timedelta(hours=7)
    lake.changed = {date(2026, 3, 9): {"price": 5.0}}
    assert lake.get("2026-03-01", "2026-03-15").revisions == 1
    then, lake.now = lake.now, lake.now + timedelta(hours=1)
    assert lake.cache.at(then).find(key, dataset).table["price"].to_pylist()[8] == 5.0
    stored = lake.store.get(key.path)
    lake.store.put(key.path, b"noise", stored.metadata, if_generation=stored.generation)
    lake.get("2026-03-01", "2026-03-15")
    found = lake.cache.at(then).find(key, dataset)
    assert isinstance(found, Miss)
    assert "nothing of it was known at 2026-03-15 17:00Z" in found.reason


def test_the_coverage_of_then(lake, key):
    """Days that came later were not known; days that never came were asked for."""
    lake.through = date(2026, 3, 5)
    lake.get("2026-03-01", "2026-03-15")
    then, lake.now = lake.now, lake.now + timedelta(days=1)
    ended = lake.cache.at(then).find(key, lake.dataset).coverage
    assert (ended.complete_through, ended.checked_through) == (lake.through, date(2026, 3, 14))
    lake.through = None
    lake.get("2026-02-20", "2026-03-16")
    known = lake.cache.at(then).find(key, lake.dataset).coverage
    assert known.known == Window(date(2026, 3, 1), date(2026, 3, 6))
    assert known.checked_through == date(2026, 3, 5)


def test_reading_the_past_costs_two_listings(lake, key):
    """One of the series, one of what was replaced; and it writes nothing."""
    lake.get("2026-03-01", "2026-03-10")
    listed = []

    class Counting:
        url = lake.store.url
        get = staticmethod(lake.store.get)

        def list(self, prefix=""):
            listed.append(prefix)
            return lake.store.list(prefix)

    cache = AssetCache(Counting(), clock=lambda: lake.now).survey([key]).at(lake.now)
    for moment in (lake.now, lake.now + DAY):
        assert isinstance(cache.at(moment).find(key, lake.dataset), Found)
    assert listed == ["series/v1/", REVISIONS]
    assert isinstance(cache.find(key, lake.dataset).table, pa.Table)
