"""Any run of requests, days passing and vendors being late: the cache is never wrong."""

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from datalake.cache import Miss
from datalake.cache.coverage import ASK_AGAIN
from datalake.models import DAY, Window
from datalake.stores.memory import MemoryStore

EPOCH = date(1970, 1, 1)


class Requests(RuleBasedStateMachine):
    """The days that were ever served, and the vendor's truth, are all one has to know."""

    @initialize(born=st.integers(-40, 40))
    def start(self, born):
        self.lake = self.new_lake(MemoryStore())
        self.lake.now = datetime(2026, 3, 1, 8, tzinfo=timezone.utc)
        self.lake.born = date(2026, 2, 1) + born * DAY
        self.served = set()
        self.asked_in_vain = {}

    @rule(days=st.integers(0, 3), hours=st.integers(0, 9))
    def time_passes(self, days, hours):
        self.lake.now += timedelta(days=days, hours=hours)

    @rule(late=st.integers(0, 3))
    def the_vendor_is_late(self, late):
        """But takes back no day that it gave."""
        self.lake.through = max([self.lake.today - late * DAY, *self.served])

    @rule(back=st.integers(1, 60), length=st.integers(1, 60), reach=st.integers(1, 90))
    def a_run(self, back, length, reach):
        today = self.lake.today
        start, since = today - back * DAY, today - reach * DAY
        wanted = Window(start, min(start + length * DAY, today))
        calls = len(self.lake.calls)
        result = self.lake.get(wanted.start, wanted.end, since=since)
        self.check(result, wanted, wanted & Window(since, today))
        assert len(self.lake.calls) - calls == (0 if result.fetched is None else 1)
        again = self.lake.get(wanted.start, wanted.end, since=since)
        assert again.fetched is None
        assert again.table.equals(result.table)
        self.check_claims()

    def check(self, result, wanted, reachable):
        """Right rows of wanted days only, and all of them: those that were ever served, those
        that can be had now, unless they were asked in vain a few hours ago."""
        days = result.table["date"].to_pylist()
        assert result.table["rank"].to_pylist() == [(day - EPOCH).days for day in days]
        assert set(days) <= set(span(wanted))
        there = {day for day in span(reachable) if self.lake.born <= day <= self.through}
        recent = {day for day, at in self.asked_in_vain.items() if self.lake.now - at < ASK_AGAIN}
        assert (self.served & set(span(wanted))) | (there - recent) <= set(days)
        self.served.update(days)
        for day in span(result.fetched or Window(EPOCH, EPOCH)):
            if not self.lake.born <= day <= self.through:
                self.asked_in_vain[day] = self.lake.now

    @property
    def through(self):
        return self.lake.through or self.lake.today

    def check_claims(self):
        """Every day that the object claims to hold is there, from the asset's first one on."""
        found = self.lake.cache.find(self.key, self.lake.dataset)
        if not self.lake.calls:
            assert isinstance(found, Miss)
            return
        claimed = {day for day in span(found.coverage.known) if day >= self.lake.born}
        assert claimed <= set(found.table["date"].to_pylist())


@pytest.mark.parametrize("examples", [30, pytest.param(2000, marks=pytest.mark.slow)])
def test_the_cache_against_a_plain_model(new_lake, key, examples):
    """Thirty histories of fifteen steps, the same ones each time."""
    Requests.new_lake, Requests.key = staticmethod(new_lake), key
    Requests.TestCase.settings = settings(
        max_examples=examples, stateful_step_count=15, deadline=None, derandomize=True
    )
    Requests.TestCase().runTest()


def span(window):
    return [window.start + number * DAY for number in range(window.days)]
