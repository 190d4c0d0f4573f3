"""The promise: what the cache holds is not fetched again, and what is missing is fetched once."""

import logging
from datetime import date, timedelta

import pytest
from attrs import evolve

from datalake.cache import Miss
from datalake.cache.coverage import ASK_AGAIN
from datalake.errors import NotFound, SchemaError, StoreError, Unavailable
from datalake.models import DAY, Column, Window


def window(start, end):
    return Window(date.fromisoformat(start), date.fromisoformat(end))


def dates(result):
    return [str(day) for day in result.table["date"].to_pylist()]


def test_week_fortnight_week(lake):
    """Two calls for three runs: the second for what the first lacks, with an overlap."""
    week = lake.get("2026-03-01", "2026-03-08")
    fortnight = lake.get("2026-03-01", "2026-03-15")
    again = lake.get("2026-03-01", "2026-03-08")
    assert lake.calls == [window("2026-03-01", "2026-03-08"), window("2026-03-05", "2026-03-15")]
    assert (week.hit, fortnight.hit, again.hit) == (False, False, True)
    assert (week.fetched, again.fetched) == (lake.calls[0], None)
    assert len(fortnight.table) == 14
    assert again.table.equals(week.table)
    assert again.table.column_names == ["date", "price", "rank", "label"]


def test_the_second_run_makes_no_call(lake):
    """Not one, whatever part of the window it asks for."""
    first = lake.get("2020-01-01", "2026-03-15")
    second = lake.get("2020-01-01", "2026-03-15")
    part = lake.get("2024-02-29", "2024-03-01")
    assert len(lake.calls) == 1
    assert second.table.equals(first.table)
    assert dates(part) == ["2024-02-29"]


def test_the_next_day_costs_its_tail(lake):
    """One new closed day is fetched with three known ones."""
    lake.get("2020-01-01", "2026-03-15")
    lake.now += timedelta(days=1)
    result = lake.get("2020-01-01", "2026-03-16")
    assert lake.calls[1:] == [window("2026-03-12", "2026-03-16")]
    assert dates(result)[-1] == "2026-03-15"
    assert len(result.table) == (date(2026, 3, 16) - date(2020, 1, 1)).days


def test_a_disjoint_request_fetches_the_gap(lake):
    """Coverage is one interval: later or earlier, what lies between is fetched, too."""
    lake.get("2026-02-01", "2026-02-08")
    lake.get("2026-03-01", "2026-03-08")
    lake.get("2026-01-01", "2026-01-08")
    assert lake.calls[1:] == [
        window("2026-02-05", "2026-03-08"),
        window("2026-01-01", "2026-02-04"),
    ]
    assert lake.get("2026-01-01", "2026-03-08").hit


def test_both_sides_missing_is_one_call(lake):
    """One call for all is cheaper than one on each side."""
    lake.get("2026-02-01", "2026-02-08")
    result = lake.get("2026-01-01", "2026-03-01")
    assert lake.calls[1:] == [window("2026-01-01", "2026-03-01")]
    assert len(result.table) == 59


def test_a_dead_asset_costs_one_call_a_day(lake):
    """Nothing comes after its last day; it is asked again on the next UTC day, and in short."""
    lake.through = date(2026, 1, 31)
    result = lake.get("2026-01-01", "2026-03-15")
    assert dates(result)[-1] == "2026-01-31"
    assert lake.get("2026-01-01", "2026-03-15").hit
    lake.now = lake.now.replace(hour=23, minute=59, second=59)
    assert lake.get("2026-01-01", "2026-03-15").hit
    lake.now += timedelta(seconds=1)
    assert not lake.get("2026-01-01", "2026-03-15").hit
    assert lake.calls[1:] == [window("2026-01-29", "2026-03-15")]
    assert lake.get("2026-01-01", "2026-03-15").hit


def test_a_late_vendor_is_asked_again_later(lake):
    """Yesterday is not delivered yet: not asked at once again, but when it may have come."""
    lake.through = date(2026, 3, 13)
    assert dates(lake.get("2026-03-10", "2026-03-15"))[-1] == "2026-03-13"
    lake.through = None
    assert lake.get("2026-03-10", "2026-03-15").hit
    lake.now += ASK_AGAIN
    assert dates(lake.get("2026-03-10", "2026-03-15"))[-1] == "2026-03-14"
    assert lake.calls[1:] == [window("2026-03-11", "2026-03-15")]


def test_new_days_are_asked_though_others_were_just_checked(lake):
    """What was asked in vain says nothing of the days after."""
    lake.through = date(2026, 3, 10)
    lake.get("2026-03-01", "2026-03-12")
    lake.through = None
    assert dates(lake.get("2026-03-01", "2026-03-15"))[-1] == "2026-03-14"


def test_a_young_asset_is_not_asked_for_its_youth(lake):
    """Days before the first row were asked once, and never again."""
    lake.born = date(2026, 3, 1)
    assert len(lake.get("2020-01-01", "2026-03-15").table) == 14
    lake.now += timedelta(days=1)
    lake.get("2020-01-01", "2026-03-16")
    lake.get("2019-01-01", "2026-03-16")
    lake.get("2019-01-01", "2026-03-16")
    assert lake.calls[1:] == [
        window("2026-03-12", "2026-03-16"),
        window("2019-01-01", "2020-01-04"),
    ]


def test_an_empty_answer_is_an_answer(lake):
    """An asset without any rows is not asked again at once."""
    lake.born = date(2030, 1, 1)
    assert len(lake.get("2026-03-01", "2026-03-15").table) == 0
    again = lake.get("2026-03-01", "2026-03-15")
    assert (again.hit, len(again.table), len(lake.calls)) == (True, 0, 1)
    lake.now += DAY
    lake.born = date(2026, 3, 10)
    assert len(lake.get("2026-03-01", "2026-03-15").table) == 5


def test_a_plan_that_reaches_less_than_the_cache(lake):
    """Another pipeline's older rows are served, no call is made for them, none of them is lost."""
    full = lake.get("2020-01-01", "2026-03-15")
    lake.now += timedelta(days=1)
    result = lake.get("2020-01-01", "2026-03-16", since="2025-03-16")
    assert lake.calls[1:] == [window("2026-03-12", "2026-03-16")]
    assert len(result.table) == len(full.table) + 1
    assert lake.get("2020-01-01", "2025-01-01", since="2025-03-16").hit
    assert lake.get("2020-01-01", "2026-03-16").hit


def test_days_beyond_the_plan_are_no_reason_for_a_call(lake):
    """With nothing cached and nothing in reach the answer is empty, and no hit."""
    result = lake.get("2020-01-01", "2021-01-01", since="2025-03-15")
    assert (len(result.table), result.hit, lake.calls) == (0, False, [])
    assert result.table.column_names == ["date", "price", "rank", "label"]


def test_an_old_cache_beyond_a_small_plan(lake):
    """Rows that no window joins to the new ones stay, are served, and are claimed by nobody."""
    lake.get("2020-01-01", "2021-01-01")
    result = lake.get("2020-01-01", "2026-03-15", since="2025-03-15")
    assert lake.calls[1:] == [window("2025-03-15", "2026-03-15")]
    assert len(result.table) == 366 + 365
    assert lake.known().start == date(2025, 3, 15)
    full = lake.get("2020-01-01", "2026-03-15")
    assert lake.calls[2:] == [window("2020-01-01", "2025-03-18")]
    assert len(full.table) == (date(2026, 3, 15) - date(2020, 1, 1)).days


def test_a_whole_history_replaces_all(whole):
    """Where every call brings everything, one call does, for any window."""
    assert len(whole.get("2026-03-01", "2026-03-08").table) == 7
    assert whole.get("2020-01-01", "2026-03-15").hit
    whole.now += timedelta(days=1)
    result = whole.get("2026-03-01", "2026-03-16")
    assert len(whole.calls) == 2
    assert len(result.table) == 15
    assert whole.known().start == date(2013, 1, 1)


def test_more_than_was_asked_is_cropped(lake, key):
    """The open day, and days around the window, do not enter the cache by the way."""
    more = window("2026-01-01", "2026-03-16")
    lake.get("2026-03-01", "2026-03-08", fetch=lambda asked: lake.fetch(more))
    assert len(lake.cache.read(key, lake.dataset)) == 7
    assert lake.known().known == window("2026-03-01", "2026-03-08")


def test_a_failed_fetch_leaves_the_cache_to_stand_in(lake):
    """The rows, what stood in the way, and how old they are."""
    lake.get("2026-03-01", "2026-03-08")
    lake.error = Unavailable("down for maintenance")
    result = lake.get("2026-03-01", "2026-03-15")
    assert result.error is lake.error
    assert (len(result.table), result.hit, result.fetched) == (7, False, None)
    assert result.stale_through == date(2026, 3, 7)
    lake.error = None
    assert len(lake.get("2026-03-01", "2026-03-15").table) == 14


def test_a_failed_fetch_of_an_unknown_series_is_raised(lake):
    """With nothing to stand in, the error is the answer."""
    lake.error = Unavailable("down")
    for _ in range(2):
        with pytest.raises(Unavailable):
            lake.get("2026-03-01", "2026-03-08")


def test_a_failed_fetch_of_a_known_series_tells_how_far_it_is_known(lake):
    """Also where none of its rows lie in the wanted window: it may have ended long before."""
    lake.get("2026-01-01", "2026-01-08")
    lake.error = Unavailable("down")
    result = lake.get("2026-03-01", "2026-03-08")
    assert (len(result.table), result.stale_through) == (0, None)
    assert (result.error, result.asked_through) == (lake.error, date(2026, 1, 7))


def test_an_unknown_name_is_remembered_for_the_day(lake):
    """The first run is told so; the next ones do not ask, until it may have become known."""
    lake.error = NotFound("who?")
    with pytest.raises(NotFound, match=r"who\?"):
        lake.get("2026-03-01", "2026-03-15")
    again = lake.get("2026-03-01", "2026-03-15")
    assert (again.hit, len(again.table), len(lake.calls)) == (True, 0, 1)
    lake.now += DAY  # told so once more, it is remembered for one more day
    assert lake.get("2026-03-01", "2026-03-15").error is lake.error
    lake.error = None
    lake.now += ASK_AGAIN
    assert not len(lake.get("2026-03-01", "2026-03-15").table)
    assert len(lake.calls) == 2
    lake.now += DAY
    assert len(lake.get("2026-03-01", "2026-03-15").table) == 14


def test_a_name_that_has_died_is_asked_for_once_a_day(lake):
    """Its rows stand in; one that was known a few days ago may be a slip, and is asked again."""
    lake.get("2026-01-01", "2026-03-10")
    lake.error = NotFound("who?")
    for _ in range(2):
        assert lake.get("2026-01-01", "2026-03-13").error is lake.error
    assert len(lake.calls) == 3
    lake.now += 7 * DAY
    assert lake.get("2026-01-01", "2026-03-20").error is lake.error
    again = lake.get("2026-01-01", "2026-03-20")
    assert (again.hit, len(again.table), len(lake.calls)) == (True, 68, 4)
    lake.now, lake.error = lake.now + DAY, None
    assert len(lake.get("2026-01-01", "2026-03-20").table) == 78


def test_an_unknown_name_does_not_replace_rows(lake, key):
    """Another pipeline knows the asset by a name that works: its rows stay for it."""
    lake.get("2026-03-01", "2026-03-15")
    lake.native_id, lake.error = "misspelt", NotFound("who?")
    with pytest.raises(NotFound):
        lake.get("2026-03-01", "2026-03-15")
    assert len(lake.cache.read(key, lake.dataset, "bitcoin")) == 14


def test_an_answer_of_the_wrong_shape_is_a_failed_fetch(lake):
    """What the boundary refuses does not reach the cache."""
    with pytest.raises(SchemaError, match="lacks 'rank'"):
        lake.get("2026-03-01", "2026-03-08", fetch=lambda w: {"time": [], "price": []})
    assert list(lake.store.list()) == []
    lake.get("2026-03-01", "2026-03-08")
    result = lake.get("2026-03-01", "2026-03-15", fetch=lambda w: "<html>")
    assert isinstance(result.error, SchemaError)
    assert len(result.table) == 7


def test_rejected_values_are_counted(lake):
    """What is beyond a column's limits is null, here and in the cache."""
    lake.changed = {date(2026, 3, 2): {"price": -1.0}}
    result = lake.get("2026-03-01", "2026-03-08")
    assert result.rejected == 1
    assert lake.get("2026-03-01", "2026-03-08").table["price"].to_pylist()[1] is None


def test_a_revision_refetches_the_series(lake):
    """The overlap disagrees: all that is known is asked once more, and the old values are kept."""
    lake.get("2020-01-01", "2026-03-15")
    for day in (date(2021, 5, 5), date(2026, 3, 13)):
        lake.changed[day] = {"price": 1.0}
    lake.now += timedelta(days=1)
    result = lake.get("2026-03-01", "2026-03-16")
    assert lake.calls[1:] == [
        window("2026-03-12", "2026-03-16"),
        window("2020-01-01", "2026-03-16"),
    ]
    assert result.revisions == 2
    assert lake.get("2021-05-05", "2021-05-06").table["price"].to_pylist() == [1.0]
    assert [entry.metadata["rows"] for entry in lake.store.list("revisions/")] == ["2"]


def test_no_refetch_within_tolerance(lake):
    """A difference in the last digits is no revision, and the row stays as it was learnt."""
    lake.get("2026-03-01", "2026-03-15")
    price = lake.get("2026-03-13", "2026-03-14").table["price"].to_pylist()
    lake.changed[date(2026, 3, 13)] = {"price": price[0] * (1 + 1e-9)}
    lake.now += timedelta(days=1)
    result = lake.get("2026-03-01", "2026-03-16")
    assert (len(lake.calls), result.revisions) == (2, 0)
    assert lake.get("2026-03-13", "2026-03-14").table["price"].to_pylist() == price


def test_a_null_that_is_filled_is_no_revision(lake):
    """A vendor that fills what was unknown replaces nothing."""
    lake.changed[date(2026, 3, 13)] = {"price": None}
    lake.get("2026-03-01", "2026-03-15")
    lake.changed.clear()
    lake.now += timedelta(days=1)
    result = lake.get("2026-03-01", "2026-03-16")
    assert (len(lake.calls), result.revisions) == (2, 0)
    assert None not in result.table["price"].to_pylist()


def test_a_failed_refetch_changes_nothing(lake):
    """Were the overlap stored without the rest, the next run would not notice the revision."""
    lake.get("2020-01-01", "2026-03-15")
    lake.changed[date(2026, 3, 13)] = {"price": 1.0}
    lake.now += timedelta(days=1)

    def once(asked):
        if len(lake.calls) == 2:
            raise Unavailable("the second call fails")
        return lake.fetch(asked)

    result = lake.get("2026-03-01", "2026-03-16", fetch=once)
    assert isinstance(result.error, Unavailable)
    assert lake.get("2026-03-01", "2026-03-16").revisions == 1


def test_unchanged_rows_keep_their_moment(lake, key):
    """`observed_at` is when a row was learnt, not when it was last seen."""
    lake.get("2026-03-01", "2026-03-15")
    first = lake.now
    lake.now += timedelta(days=1)
    lake.get("2026-03-01", "2026-03-16")
    moments = lake.cache.find(key, lake.dataset).table["observed_at"].to_pylist()
    assert moments == [first] * 14 + [lake.now]


def test_reading_without_fetching(lake, key):
    """For runs without a network: the rows, or why there are none."""
    assert lake.cache.read(key, lake.dataset) == Miss("not in the cache")
    lake.get("2026-03-01", "2026-03-08")
    table = lake.cache.read(key, lake.dataset)
    assert table.column_names == ["date", "price", "rank", "label"]
    assert len(table) == 7
    assert isinstance(lake.cache.read(key, lake.dataset, "another"), Miss)


def test_another_native_id_is_another_series(lake, caplog):
    """What was fetched under another name is fetched anew and replaced, with a word about it."""
    lake.get("2026-03-01", "2026-03-08")
    lake.native_id = "btc-2"
    result = lake.get("2026-03-05", "2026-03-10")
    assert "'bitcoin'" in result.reason
    assert "'btc-2'" in result.reason
    assert "asset=bitcoin/series.parquet" in caplog.text
    assert lake.known().known == window("2026-03-05", "2026-03-10")
    assert lake.get("2026-03-05", "2026-03-10").hit


def test_a_dataset_that_gained_a_column_is_fetched_again(lake):
    """Rows without the new column are no answer."""
    lake.get("2026-03-01", "2026-03-08")
    lake.dataset = evolve(
        lake.dataset, columns={**lake.dataset.columns, "more": Column("", "", type="int64")}
    )
    grown = lake.get(
        "2026-03-01", "2026-03-08", fetch=lambda w: {**lake.fetch(w), "more": list(range(7))}
    )
    assert "its columns are" in grown.reason
    assert grown.table["more"].to_pylist() == list(range(7))


class ReadOnly:
    """A store that may be read only, as a bucket of somebody else's."""

    def __init__(self, store):
        self.store, self.url = store, store.url
        self.get, self.list = store.get, store.list

    def put(self, key, data, metadata, *, if_generation):
        raise StoreError(f"{key}: no permission to write")


def test_a_store_that_cannot_be_written_is_a_warning(lake, caplog):
    """The rows are here; that they are not kept is said."""
    lake.store = ReadOnly(lake.store)
    with caplog.at_level(logging.WARNING):
        result = lake.get("2026-03-01", "2026-03-08")
    assert len(result.table) == 7
    assert "acme.market of bitcoin was not cached" in caplog.text
    assert "no permission to write" in caplog.text


class Unreachable:
    """A store on the other side of a cut cable."""

    url = "unreachable:"

    def get(self, key, *, known=None):
        raise StoreError("not reachable")


def test_a_store_that_cannot_be_read_is_an_error(lake):
    """Going on without the cache would cost all its calls: that is for the user to decide."""
    lake.store = Unreachable()
    with pytest.raises(StoreError):
        lake.get("2026-03-01", "2026-03-08")
    assert lake.calls == []
