"""Whatever is done in whatever order, pointer, history and copies are what a simple model says."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from datalake.publish import publish
from datalake.publish.history import read_history, roll_back
from datalake.publish.layout import encode_data
from datalake.publish.place import StorePlace
from datalake.publish.pointer import Keep
from datalake.stores.memory import MemoryStore

from .conftest import made

START = made().as_of


class Publications(RuleBasedStateMachine):
    """`log` has what was published, in order, as (hour, content, version it took back)."""

    def __init__(self):
        super().__init__()
        self.place = StorePlace("gs://x/data.parquet", "data.parquet", MemoryStore(), MemoryStore())
        self.log: list[tuple[int, int, tuple[int, int] | None]] = []
        self.now = START + timedelta(hours=6)  # none of these instants is still to come

    def clock(self):
        self.now += timedelta(minutes=1)
        return self.now

    def taken_back(self, what):
        """Whether the last that was heard of a version is that it was rolled back."""
        for hour, content, old in reversed(self.log):
            if old == what:
                return True
            if (hour, content) == what:
                return False
        return False

    @rule(hour=st.integers(0, 5), content=st.integers(0, 2))
    def publish(self, hour, content):
        candidate = made(as_of=START + timedelta(hours=hour), mapping_sha256=f"{content:02x}" * 32)
        outcome = publish(candidate, self.place, clock=self.clock, keep=Keep(4, timedelta(0)))
        what, newest = (hour, content), max((one[0] for one in self.log), default=0)
        if self.log and self.log[-1][:2] == what:
            assert (outcome.published, outcome.new) == (True, False)
        elif hour < newest or self.known_as_taken_back(what):
            assert not outcome.published
        else:
            assert outcome.new
            self.log.append((*what, None))

    def known_as_taken_back(self, what):
        """The history has four entries; what fell out of it is forgotten, but for the fence."""
        whole, self.log = self.log, self.log[-4:]
        try:
            return self.taken_back(what)
        finally:
            self.log = whole

    @precondition(lambda self: self.log)
    @rule(back=st.integers(0, 3))
    def roll_back(self, back):
        index = max(len(self.log) - 1 - back, 0)
        name = str(index + 1)
        hour, content, _ = self.log[index]
        current = self.log[-1][:2]
        keep = Keep(4, timedelta(0))
        pointer, done, _ = roll_back(self.place, name, "model", keep, self.clock)
        assert done == ((hour, content) != current)
        if done:
            self.log.append((hour, content, current))
        assert pointer.current.sequence == len(self.log)

    @rule(name=st.sampled_from(["data.parquet", "data.assets.parquet"]))
    def lose_a_copy(self, name):
        """Until the next publication or rollback; here one of what is published."""
        self.place.files.delete(name)
        if self.log:
            self.publish(*self.log[-1][:2])

    @invariant()
    def all_agree(self):
        if not self.log:
            return
        pointer = read_history(self.place)
        assert [one.sequence for one in pointer.history] == list(range(len(self.log), 0, -1))[:4]
        told = [(one.as_of - START) // timedelta(hours=1) for one in pointer.history]
        assert told == [one[0] for one in reversed(self.log)][:4]
        assert pointer.max_as_of == START + timedelta(hours=max(one[0] for one in self.log))
        hour, content, _ = self.log[-1]
        candidate = made(as_of=START + timedelta(hours=hour), mapping_sha256=f"{content:02x}" * 32)
        assert self.place.read("data.parquet") == encode_data(candidate)
        lying = {one.key.split("/")[1] for one in self.place.store.list("versions/")}
        assert {one.version for one in pointer.history} <= lying


TestPublications = Publications.TestCase
TestPublications.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
