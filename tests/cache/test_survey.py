"""A cache that has seen a listing: few requests, and never an older truth than is safe."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake.cache import AssetCache, Found, Miss, SeriesKey
from datalake.cache.joining import unite
from datalake.errors import Conflict, SchemaError
from datalake.models import DAY, Window
from datalake.stores import open_store
from datalake.stores.mirror import MirroredStore

from .conftest import DATASET, KEY, Lake, dates, day

WEEK = Window(day("2026-03-01"), day("2026-03-08"))


@pytest.fixture
def far(gcs, gcs_env, tmp_path):
    """A vendor and a cache in a bucket, with a mirror on this machine."""
    store = MirroredStore(open_store("gs://lake", {}, gcs_env), tmp_path / "mirror", 1 << 24)
    return Lake(store)


def fill(lake, count):
    keys = [SeriesKey("acme", "market", f"asset-{number}") for number in range(count)]
    for key in keys:
        lake.cache.get_or_fetch(key, DATASET, key.asset, WEEK, WEEK, lake.fetch)
    return keys


def ask(cache, key, lake, wanted=WEEK, **more):
    return cache.get_or_fetch(key, DATASET, key.asset, wanted, wanted, lake.fetch, **more)


def test_a_repeated_run_lists_once_and_downloads_nothing(far, gcs):
    """What another machine wrote is downloaded by the first run here, and never again."""
    keys = fill(Lake(far.store.store), 20)
    for downloads in (20, 0):
        gcs.requests.clear()
        cache = far.cache.survey(keys)
        assert all(ask(cache, key, far).hit for key in keys)
        assert gcs.operations() == ["list"] + ["media"] * downloads
    assert far.calls == []


def test_what_is_not_there_costs_no_request(far, gcs):
    """Asking for absent series looks at the listing only."""
    cache = far.cache.survey([])
    gcs.requests.clear()
    for number in range(10):
        assert isinstance(cache.find(SeriesKey("acme", "market", f"no-{number}"), DATASET), Miss)
    assert gcs.operations() == []


def test_what_a_rival_fetched_meanwhile_is_not_fetched_again(lake):
    """Just before a call is paid for, the store is asked once more."""
    cache = lake.cache.survey([KEY])
    ask(lake.cache, KEY, lake)
    assert len(lake.calls) == 1
    result = ask(cache, KEY, lake)
    assert result.hit
    assert len(lake.calls) == 1
    assert len(result.table) == 7


def test_a_tail_that_a_rival_fetched_meanwhile(far, gcs):
    """The same for days that are missing; the series is downloaded once."""
    ask(far.cache, KEY, far)
    cache = far.cache.survey([KEY])
    longer = Window(WEEK.start, WEEK.end + DAY)
    ask(Lake(far.store.store).cache, KEY, far, longer)
    calls = len(far.calls)
    gcs.requests.clear()
    assert ask(cache, KEY, far, longer).hit
    assert len(far.calls) == calls
    assert gcs.operations() == ["list", "media"]


def test_a_refresh_asks_for_everything(lake):
    """All that is known and wanted is fetched again, and revisions are noticed far back."""
    lake.get("2026-02-01", "2026-03-08")
    lake.changed[day("2026-02-03")] = {"price": 1.0}
    lake.now += DAY
    wanted = Window(day("2026-03-01"), day("2026-03-10"))
    result = ask(lake.cache, KEY, lake, wanted, refresh=True)
    assert (result.hit, result.reason) == (False, "a refresh was asked for")
    assert lake.calls[-1] == wanted
    lake.get("2026-02-01", "2026-03-10")  # what was not reachable then stays
    reachable = Window(day("2013-01-01"), lake.today)
    again = lake.cache.get_or_fetch(
        KEY, DATASET, "bitcoin", wanted, reachable, lake.fetch, refresh=True
    )
    assert lake.calls[-1].start == day("2026-02-01")
    assert again.revisions == 1
    assert len(list(lake.store.list("revisions/"))) == 1


def test_a_refresh_that_fails_leaves_what_is_cached(lake):
    """The vendor is down: the cached rows stand in, marked as such."""
    from datalake.errors import Unavailable

    lake.get("2026-03-01", "2026-03-08")
    lake.error = Unavailable("down")
    result = ask(lake.cache, KEY, lake, refresh=True)
    assert result.error is lake.error
    assert len(result.table) == 7


ROWS = {
    "price": [1.0, 2.0, 3.0],
    "rank": [1, 2, 3],
    "label": ["a", None, "c"],
}


def rows(first="2026-03-01", **more):
    start = day(first)
    return {"date": [start, start + DAY, start + 2 * DAY], **ROWS, **more}


def test_put_then_get(lake):
    """What a pipeline puts is what a run is served, without a call."""
    window = Window(day("2026-03-01"), day("2026-03-04"))
    lake.cache.put(KEY, DATASET, "bitcoin", rows(), window)
    result = lake.get("2026-03-01", "2026-03-04")
    assert result.hit
    assert lake.calls == []
    assert result.table["price"].to_pylist() == ROWS["price"]
    assert result.table["label"].to_pylist() == ROWS["label"]
    lake.cache.put(KEY, DATASET, "bitcoin", result.table, window)
    assert lake.known().complete_through == day("2026-03-03")


def test_put_is_joined_to_what_is_there(lake):
    """Other days stay, revised ones are kept aside, coverage grows by what touches."""
    lake.get("2026-02-20", "2026-03-03")
    lake.now += timedelta(minutes=1)
    lake.cache.put(KEY, DATASET, "bitcoin", rows(), Window(day("2026-03-01"), day("2026-03-04")))
    assert lake.known().known == Window(day("2026-02-20"), day("2026-03-04"))
    result = lake.get("2026-02-20", "2026-03-04")
    assert result.table["price"].to_pylist()[-3:] == ROWS["price"]
    assert len(list(lake.store.list("revisions/"))) == 1


def test_put_leaves_open_days_out(lake):
    """Today is not over, whatever a pipeline says of it."""
    window = Window(day("2026-03-13"), day("2026-03-20"))
    lake.cache.put(KEY, DATASET, "bitcoin", rows("2026-03-13"), window)
    assert lake.known().complete_through == day("2026-03-14")
    assert dates(lake.cache.read(KEY, DATASET)) == ["2026-03-13", "2026-03-14"]


@pytest.mark.parametrize(
    "wrong",
    [{"price": ["a", "b", "c"]}, {"rank": [1.5, 2, 3]}, {"date": [1, 2]}, {"label": [1, 2, 3]}],
)
def test_put_refuses_what_the_dataset_does_not_promise(lake, wrong):
    """The boundary is the same as for a provider's answer."""
    with pytest.raises((SchemaError, ValueError)):
        lake.cache.put(KEY, DATASET, "bitcoin", rows(**wrong), WEEK)
    left = [one.key for one in lake.store.list()]
    assert all(key.startswith("quarantine/") for key in left), left


class Contested:
    """A store in which somebody else is always faster."""

    def __init__(self, store):
        self.store, self.url, self.tries = store, store.url, 0
        self.get, self.list = store.get, store.list

    def put(self, key, data, metadata, *, if_generation):
        self.tries += 1
        raise Conflict(key)


def test_tries_are_bounded(lake):
    """A put says in the end that it could not; a run goes on without caching."""
    lake.store = Contested(lake.store)
    with pytest.raises(Conflict, match="20 times"):
        lake.cache.put(KEY, DATASET, "bitcoin", rows(), WEEK)
    assert lake.store.tries == 20
    assert len(lake.get("2026-03-01", "2026-03-08").table) == 7
    assert sum(lake.slept) < 20


def test_a_read_only_cache_writes_nothing(lake):
    """It serves, fetches what is missing, and leaves the store as it was."""
    lake.get("2026-03-01", "2026-03-03")
    before = [entry.generation for entry in lake.store.list()]
    cache = AssetCache(lake.store, clock=lambda: lake.now, read_only=True)
    assert len(ask(cache, KEY, lake).table) == 7
    assert [entry.generation for entry in lake.store.list()] == before


windows = st.tuples(st.integers(0, 20), st.integers(1, 8), st.integers(0, 3))


@given(windows, windows)
def test_two_states_of_a_series_unite_in_any_order(one, other):
    """Commutative and idempotent, and nothing is claimed that is not there."""
    found = []
    for start, length, age in (one, other):
        lake = Lake(open_store("memory:", {}))
        lake.now += timedelta(days=age)
        lake.changed = {day("2026-02-10") + timedelta(days=3): {"price": float(age)}}
        first = day("2026-02-01") + timedelta(days=start)
        lake.get(first, first + timedelta(days=length))
        found.append(lake.cache.find(KEY, DATASET))
    left, right = unite(*found, DATASET), unite(*reversed(found), DATASET)
    assert left.coverage == right.coverage
    assert left.table.equals(right.table)
    again = unite(Found(left.table, left.coverage, "", ""), found[1], DATASET)
    assert again.coverage == left.coverage
    assert again.table.equals(left.table)
    assert not again.news
    held = set(left.table["date"].to_pylist())
    for number in range(left.coverage.known.days):
        assert left.coverage.start + timedelta(days=number) in held
    # a value that makes room for the other's is kept
    kept = {(row["date"], row["price"]) for table in left.replaced for row in table.to_pylist()}
    told = {(row["date"], row["price"]) for state in found for row in state.table.to_pylist()}
    assert told == kept | {(row["date"], row["price"]) for row in left.table.to_pylist()}


def test_a_bucket_that_goes_away_costs_the_caching_alone(far, gcs, caplog):
    """What was downloaded serves, what is missing is fetched and given, and one warning says so."""
    known, *_ = fill(far, 1)
    fresh = [SeriesKey("acme", "market", f"fresh-{number}") for number in range(50)]
    cache = far.cache.survey([known, *fresh])
    gcs.fault("reset", times=0)
    far.store.store.patience = 0.3
    longer = Window(WEEK.start, WEEK.end + DAY)
    assert len(ask(cache, known, far, longer).table) == 8
    assert all(len(ask(cache, key, far).table) == 7 for key in fresh)
    warnings = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "was not cached, nor may others be" in warnings[0]
    # nobody waits for it fifty times
    assert len([one for one in gcs.requests if "fresh-" in one.path + str(one.query)]) < 10
