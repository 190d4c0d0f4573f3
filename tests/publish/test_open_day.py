"""A day that is still open on its way through gate and fence: it is no past, and hides none."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datalake.publish import publish
from datalake.publish.history import read_history, roll_back
from datalake.publish.layout import encode_assets, encode_data, read_metadata
from datalake.publish.place import LocalPlace
from datalake.publish.pointer import Keep
from datalake.publish.published import look

from .conftest import LAST_DAY, made

IDS = [f"asset-{at:02}" for at in range(20)]
TODAY = LAST_DAY + timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def rows(frame):
    return frame(ids=IDS, days=10)


def today(rows):
    """The last rows once more, a day later and all values moved a little."""
    last = rows.filter(pl.col("date") == LAST_DAY)
    return last.with_columns(pl.exclude("date", "canonical_id") * 0.99, date=pl.lit(TODAY))


@pytest.fixture
def opened(made, rows):
    """A candidate with today's rows, in which prices are `times` the day before's."""

    def make(times=1.1, hours=0, closed=rows, **changes):
        now = today(rows).with_columns(close=pl.col("close") * times)
        as_of = made().as_of + hours * HOUR
        facts = {"open_day": TODAY, "last_day": TODAY, "as_of": as_of}
        return made(pl.concat([closed, now]), **{**facts, **changes})

    return make


def at(hours):
    """A clock that stands so long after the first publication."""
    return lambda: made().as_of + hours * HOUR


def findings(outcome):
    return {check.name: check.level for check in outcome.checks if check.level != "ok"}


def refused(outcome):
    return {name for name, level in findings(outcome).items() if level == "refused"}


def test_the_file_says_which_day_is_open(opened, made):
    """In its metadata, and to the gate of the next publication."""
    found = look(encode_data(opened()), "user_facing_data")
    assert (found.content.open_day, found.content.last_day) == (TODAY, TODAY)
    closed = found.content.closed
    assert (closed.open_day, closed.last_day) == (None, LAST_DAY)
    assert closed.rows.select("date").max().collect().item() == LAST_DAY
    assert look(encode_data(made()), "user_facing_data").content.open_day is None


def test_each_later_state_is_a_new_version(opened, output):
    """Whatever the price did meanwhile; the same instant again is nothing new, an earlier one is
    refused."""
    first = publish(opened(), output)
    second = publish(opened(times=1.4, hours=1), output)
    assert (first.new, second.new, second.sequence) == (True, True, 2)
    assert not refused(second)
    assert not publish(opened(times=1.4, hours=1), output).new
    assert refused(publish(opened(hours=0.5), output)) == {"fence"}


def test_closed_data_take_its_place(opened, made, rows, output):
    """A day later its values are others, and that is no revision of the past."""
    publish(opened(times=1.5), output)
    closed = made(pl.concat([rows, today(rows)]), last_day=TODAY, as_of=made().as_of + 24 * HOUR)
    outcome = publish(closed, output)
    assert outcome.new
    assert not refused(outcome)
    assert "past values" not in findings(outcome)


def test_it_may_be_taken_back_out(opened, made, rows, output):
    """A run of closed days alone, or one that had no price of today, loses nothing."""
    publish(opened(), output)
    outcome = publish(made(rows, as_of=made().as_of + HOUR), output)
    assert outcome.new
    assert not refused(outcome)
    assert "freshness" not in findings(outcome)


@pytest.mark.parametrize("days", [1, 2, 9])
def test_it_may_be_taken_back_out_of_few_days(opened, made, frame, output, days):
    """However large a part of the rows it is, and of the values of a column that is young."""
    rows = frame(ids=IDS, days=days)
    publish(opened(closed=rows), output)
    outcome = publish(made(rows, as_of=made().as_of + HOUR), output)
    assert outcome.new
    assert not refused(outcome)


def test_it_makes_up_for_nothing_that_is_lost_little_by_little(opened, frame, output):
    """Each step is small, and rows of today are no past."""
    rows = frame(ids=IDS, days=40)
    publish(opened(closed=rows), output, clock=at(0))
    for hours, first in ((1, 3), (2, 5)):
        begin = LAST_DAY - timedelta(days=39 - first)
        short = rows.filter(pl.col("date") >= begin)
        outcome = publish(opened(closed=short, hours=hours), output, clock=at(hours))
    assert refused(outcome) == {"little by little"}


def test_it_does_not_hide_a_closed_day_that_is_gone(opened, made, rows, output):
    """A series that ends earlier than it is published does so whatever is known of today."""
    publish(made(rows), output)
    short = rows.filter(pl.col("date") < LAST_DAY - timedelta(days=1))
    assert "freshness" in refused(publish(opened(closed=short, hours=1), output))


def test_a_past_that_changed_is_found_beside_it(opened, made, rows, output):
    """As without it."""
    publish(opened(), output)
    moved = rows.with_columns(close=pl.col("close") * 1.2)
    assert "past values" in refused(publish(opened(closed=moved, hours=1), output))


def test_it_is_held_against_the_day_before(opened, made, rows, output):
    """A snapshot in another unit must not be published as today's price."""
    publish(made(rows), output)
    assert "jumps" in refused(publish(opened(times=100, hours=1), output))


def test_states_of_one_day_do_not_push_out_its_history(opened, made, rows, output):
    """Of each open day the newest is kept, beside those of the last hour."""
    publish(made(rows), output, clock=at(0))
    for hours in (1, 2, 3, 3.5, 4):
        assert publish(opened(hours=hours), output, clock=at(hours)).new
    place = LocalPlace(output)
    kept = [(one.sequence, one.open_day) for one in read_history(place).history]
    assert kept == [(6, TODAY), (5, TODAY), (4, TODAY), (1, None)]
    last = made(rows, last_day=TODAY, as_of=at(28)())
    assert publish(last, output, force="for the test", clock=at(28)).new
    kept = [one.sequence for one in read_history(place).history]
    assert kept == [7, 6, 1]


def test_a_rollback_of_an_open_day_is_remembered(opened, output):
    """What was taken back does not return by its being outdated."""
    for hours in (0, 1):
        publish(opened(hours=hours), output, clock=at(hours))
    place = LocalPlace(output)
    roll_back(place, None, "wrong", Keep(), at(3))
    publish(opened(hours=4), output, clock=at(5))
    kept = [(one.sequence, bool(one.rollback_of)) for one in read_history(place).history]
    assert kept == [(4, False), (3, True), (2, False)]


def test_readers_of_either_file_know(opened):
    """Data and assets say the same."""
    for data in (encode_data(opened()), encode_assets(opened())):
        footer = pq.read_metadata(pa.BufferReader(data)).metadata
        assert read_metadata(footer)["open_day"] == TODAY.isoformat()
