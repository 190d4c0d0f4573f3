"""A read of the past gives what was known then, whatever was learnt since."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

import datalake
from datalake import ConfigError, StoreError
from datalake.publish import publish


def prices(small, as_of=None, **more):
    table = small.lake.series("acme.prices", "bitcoin", as_of=as_of, missing="skip", **more)
    return dict(zip(table["date"].to_pylist(), table["price"].to_pylist(), strict=True))


def test_a_revision_is_not_known_before_it_was_told(small, first_day):
    """Neither is a day that had not come."""
    small.write("bitcoin", first_day, [1.0, 2.0])
    then = small.now
    small.pass_time(days=1)
    small.write("bitcoin", first_day, [1.0, 20.0, 3.0])
    second = first_day + timedelta(days=1)
    assert prices(small, then) == {first_day: 1.0, second: 2.0}
    assert prices(small)[second] == 20.0
    assert len(prices(small)) == 3
    with pytest.raises(ConfigError, match="nothing of it was known at 2026-03-10 07:59Z"):
        small.lake.series("acme.prices", "bitcoin", as_of=then - timedelta(minutes=1))


def spoil(store, prefix):
    """A byte of the one object there is not what it was."""
    (entry,) = store.list(prefix)
    stored = store.get(entry.key)
    data = stored.data[:-100] + b"x" + stored.data[-99:]
    store.put(entry.key, data, stored.metadata, if_generation=stored.generation)


@pytest.mark.parametrize("prefix", ["series/", "revisions/"])
def test_a_past_that_is_damaged_is_not_told(small, first_day, prefix):
    """What is left of it would be another past."""
    small.write("bitcoin", first_day, [1.0, 2.0])
    then = small.now
    small.pass_time(days=1)
    small.write("bitcoin", first_day, [1.0, 20.0])
    spoil(small.store, prefix)
    with pytest.raises(StoreError, match="its sha256 does not hold"):
        prices(small, then)


def test_a_writer_in_between_hides_nothing(small, first_day):
    """What it replaces between our listing and our reading was known, and is read."""
    small.write("bitcoin", first_day, [1.0, 2.0])
    then, lake, store = small.now, small.lake, small.store
    small.pass_time(days=1)

    class Racing:
        """Lets a rival write once everything is listed."""

        url, list = store.url, staticmethod(store.list)
        writes = [lambda: small.write("bitcoin", first_day, [1.0, 20.0])]  # noqa: RUF012

        def get(self, key, *, known=None):
            while self.writes:
                self.writes.pop()()
            return store.get(key, known=known)

    table = evolve(lake, store=Racing()).series("acme.prices", "bitcoin", as_of=then)
    assert table["price"].to_pylist() == [1.0, 2.0]


writes = st.tuples(
    st.integers(0, 5),
    st.lists(st.one_of(st.none(), st.integers(1, 3).map(float)), min_size=1, max_size=4),
    st.integers(1, 30),
)


@given(st.lists(writes, max_size=6))
def test_what_is_learnt_later_changes_no_earlier_read(new_small, history):
    """Each read as of a moment goes on giving what a read at that moment gave."""
    small = new_small()
    reads = {}
    for offset, values, hours in history:
        small.write("bitcoin", date(2026, 3, 1) + timedelta(days=offset), values)
        reads[small.now] = prices(small)
        small.pass_time(hours=hours)
        assert {moment: prices(small, moment) for moment in reads} == reads


def test_the_universe_of_a_time(lake):
    """The list that a run had then: no later one, and none before the first."""
    assert lake.universe("2026-03-14")["as_of"][0].as_py() == datetime(
        2026, 3, 13, 10, 30, tzinfo=timezone.utc
    )
    then, now = (set(lake.universe(at, top=1)["members"][0].as_py()) for at in ("2026-03-13", None))
    assert "coinbase-wrapped-btc" in then - now
    assert lake.universe()["rank"].to_pylist() == [1, 2, 3, 4]
    with pytest.raises(ConfigError, match="no universe is archived"):
        lake.universe("2026-03-11")


def test_what_was_published_is_by_the_mapping_of_that_time(lake):
    """The volume that was published then has that of more variants in it than today's."""
    wanted = {"assets": "bitcoin", "until": "2026-03-11", "columns": ["volume"]}
    then, now = lake.published("2026-03-13", **wanted), lake.published(**wanted)
    assert then["date"].equals(now["date"])
    assert all(
        more > less
        for more, less in zip(then["volume"].to_pylist(), now["volume"].to_pylist(), strict=True)
    )
    last = lake.published("2026-03-13", assets="bitcoin")["date"].to_pylist()[-1]
    assert last.date() == date(2026, 3, 12)
    with pytest.raises(ConfigError, match="begins at 2026-03-12 10:30Z, after 2026-03-11 23:59Z"):
        lake.published("2026-03-11")


def test_a_reader_of_the_past_finds_what_readers_found(candidate, tmp_path):
    """Of real data the moment of publication counts, not what the version stands for: a file that
    was made later for an earlier time was not there then."""
    output = tmp_path / "user_facing_data.parquet"
    times = [datetime(2026, 3, day, 12, tzinfo=timezone.utc) for day in (5, 20)]
    for as_of, at in zip((3, 4), times, strict=True):
        moment = datetime(2026, 3, as_of, tzinfo=timezone.utc)
        publish(evolve(candidate, as_of=moment), output, clock=lambda at=at: at)
    lake = datalake.open(tmp_path, environment={})
    for asked, found in (("2026-03-10", "2026-03-03"), ("2026-03-21", "2026-03-04")):
        table = lake.published(asked)
        assert table.schema.metadata[b"datalake.as_of"].decode().startswith(f'"{found}')


@pytest.mark.parametrize(
    ("as_of", "told"),
    [
        (datetime(2026, 3, 13), "has no time zone"),  # noqa: DTZ001  # that is the mistake
        ("last month", "'last month' is not an instant like"),
        ("2999-01-01", "is in the future"),
    ],
)
def test_an_instant_that_cannot_be_meant(lake, as_of, told):
    """It is refused, not guessed."""
    with pytest.raises(ConfigError, match=told):
        lake.series("coingecko.market", "bitcoin", as_of=as_of)


def test_runs_and_explanations(lake):
    """The newest first; and a number is made again from what its run had."""
    table = lake.runs()
    assert table["as_of"].to_pylist()[0].day == 15
    assert table["exit_code"].to_pylist() == [0, 0, 0]
    found = lake.explain("bitcoin", "volume", "2026-03-10")
    assert found.equal
    assert found.day == date(2026, 3, 10)
