"""What a snapshot returned becomes, by native id, the row of the day that is open."""

from datetime import date, datetime, timezone

import pytest
from attrs import evolve

from datalake.errors import SchemaError
from datalake.models import Column, Dataset, Stamp
from datalake.series import series_schema, to_open_day

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
START = Dataset(
    name="tvl",
    columns={"tvl": Column("usd", "value locked", minimum=0)},
    fetch=lambda native_id, window, client: {},
    stamp=Stamp.START,
)
END = evolve(START, stamp=Stamp.END, time_unit="ms")


def snapshot(*rows):
    """Columns of (native id, hour of the open day, value)."""
    hours = [datetime(2026, 3, 15, hour, tzinfo=timezone.utc) for _, hour, _ in rows]
    ids, values = [row[0] for row in rows], [row[2] for row in rows]
    return {"native_id": ids, "time": hours, "tvl": values}


@pytest.mark.parametrize("dataset", [START, END])
def test_each_asset_has_the_row_of_today(dataset):
    """Whatever the dataset's stamps mean: the moment lies in the day; midnight begins it."""
    found = to_open_day(dataset, snapshot(("a", 0, 1), ("b", 10, None)), now=NOW)
    assert {one: series.table.to_pylist() for one, series in found.items()} == {
        "a": [{"date": date(2026, 3, 15), "tvl": 1.0}],
        "b": [{"date": date(2026, 3, 15), "tvl": None}],
    }
    assert found["a"].table.schema.equals(series_schema(dataset))


def test_a_row_of_another_day_says_nothing_of_this_one():
    """A price of last night is not today's, and a clock that runs ahead is not believed."""
    raw = {
        "native_id": ["old", "new", "ahead"],
        "time": [1773532799, 1773532800, 1773619200],
        "tvl": [1.0, 2.0, 3.0],
    }
    assert list(to_open_day(START, raw, now=NOW)) == ["new"]


def test_what_cannot_be_is_rejected_and_told():
    """As in a series: null, with the value that was not let in."""
    found = to_open_day(START, snapshot(("a", 1, -5.0), ("b", 1, 5.0)), now=NOW)
    assert found["a"].table["tvl"].to_pylist() == [None]
    assert [one.value for one in found["a"].rejects] == ["-5.0"]
    assert not found["b"].rejects


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (snapshot(("a", 1, 1.0), ("a", 2, 2.0)), "several rows for 'a'"),
        (snapshot((None, 1, 1.0)), "a row of no asset"),
        ({"time": [1773532800], "tvl": [1.0]}, "lacks 'native_id'"),
        ({"native_id": ["a"], "time": [1773532800], "tvl": ["many"]}, "'tvl'"),
        ({"native_id": ["a"], "time": [], "tvl": [1.0]}, "not of one length"),
        ([], "a fetch returns"),
    ],
)
def test_a_faulty_answer_is_refused_as_a_whole(raw, fault):
    """With what is wrong: half a snapshot would pass for a whole one."""
    with pytest.raises(SchemaError, match=fault):
        to_open_day(START, raw, now=NOW)


def test_nothing_is_no_fault():
    """A provider that covers none of the assets."""
    assert to_open_day(START, snapshot(), now=NOW) == {}
