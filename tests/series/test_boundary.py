"""The boundary: anything a fetch may return becomes a series, or a SchemaError that names it."""

import subprocess
import sys
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from datalake.errors import SchemaError
from datalake.models import Column, Dataset, Stamp
from datalake.series import series_schema, to_series

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
START = Dataset(
    name="chain_tvl",
    columns={"tvl": Column("usd", "value locked", minimum=0)},
    fetch=lambda native_id, window, client: {},
    stamp=Stamp.START,
)
END = evolve(START, name="market", stamp=Stamp.END, time_unit="ms")
MIXED = evolve(
    START,
    columns={
        "score": Column("", "a score", maximum=100),
        "rank": Column("", "a rank", type="int64", minimum=1),
        "label": Column("", "a label", type="string"),
    },
)


def at(text):
    """Seconds since 1970 of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


def rows(dataset, raw, now=NOW):
    """The series as a mapping from ISO day to value(s)."""
    table = to_series(dataset, raw, now=now).table
    assert table.schema.equals(series_schema(dataset))
    return {
        str(day): values[0] if len(values) == 1 else values
        for day, *values in zip(*(column.to_pylist() for column in table.columns), strict=True)
    }


def tvl(*points, unit=1):
    return {"time": [at(time) * unit for time, _ in points], "tvl": [value for _, value in points]}


def test_start_stamps_floor_to_their_day():
    """A stamp lies in the day it covers; the latest of one day counts, whatever the order."""
    raw = tvl(("2026-03-02 16:11:23", 3), ("2026-03-01", 1), ("2026-03-02", 2))
    assert rows(START, raw) == {"2026-03-01": 1.0, "2026-03-02": 3.0}


def test_end_stamps_close_the_day_before():
    """The midnight of D+1 is row D."""
    raw = tvl(("2026-03-02", 1), ("2026-03-03", 2), unit=1000)
    assert rows(END, raw) == {"2026-03-01": 1.0, "2026-03-02": 2.0}


def test_the_now_point_is_the_open_days():
    """A stamp off midnight labels today, and is dropped for every day that is closed."""
    now_point = ("2026-03-15 10:11:58", 9)
    raw = tvl(
        ("2026-03-14", 1), ("2026-03-14 00:05:28", 8), ("2026-03-15", 2), now_point, unit=1000
    )
    assert rows(END, raw) == {"2026-03-13": 1.0, "2026-03-14": 2.0, "2026-03-15": 9.0}
    tomorrow = NOW + timedelta(days=1)
    assert rows(END, raw, tomorrow) == {"2026-03-13": 1.0, "2026-03-14": 2.0}


def test_a_late_now_point_is_no_closed_day():
    """An answer cached by the vendor: its "now" was yesterday and stays out."""
    raw = tvl(("2026-03-14", 1), ("2026-03-14 23:59:59", 8), unit=1000)
    assert rows(END, raw) == {"2026-03-13": 1.0}


@pytest.mark.parametrize(
    "raw",
    [
        {"time": [1772323200, 1772409600], "tvl": [1, 2.5]},
        {"time": (1772323200, 1772409600), "tvl": (np.float64(1), np.int32(2) + 0.5)},
        {"time": np.array([1772323200, 1772409600]), "tvl": np.array([1, 2.5])},
        {"time": np.array([1772323200, 1772409600], "i4"), "tvl": np.array([1, 2.5], "f4")},
        {"time": np.array([1772323200, 1772409600], "u8"), "tvl": np.array([1, 2.5], "f2")},
        {"time": np.array([1772323200, 1772409600], "f8"), "tvl": np.array([1, 2.5])},
        {"time": np.array([1772323200, 1772409600], "M8[s]"), "tvl": np.array([1, 2.5], object)},
        {"time": [date(2026, 3, 1), date(2026, 3, 2)], "tvl": [1, 2.5]},
        {"time": [datetime(2026, 3, 1), datetime(2026, 3, 2, 5)], "tvl": [1, 2.5]},  # noqa: DTZ001
        {
            "time": [
                datetime(2026, 3, 1, 23, tzinfo=timezone.utc),
                datetime(2026, 3, 1, 23, tzinfo=timezone(-timedelta(hours=2))),
            ],
            "tvl": [1, 2.5],
        },
        pa.table({"time": [1772323200, 1772409600], "tvl": [1, 2.5], "more": ["a", "b"]}),
        pa.table({"time": pa.array([1772323200, 1772409600], pa.timestamp("s")), "tvl": [1, 2.5]}),
        pa.table(
            {
                "time": pa.array([1772323200, 1772409600], pa.timestamp("s", "Asia/Tokyo")),
                "tvl": pa.chunked_array([pa.array([1.0]), pa.array([2.5])]),
            }
        ),
        pa.table({"time": pa.array([20513, 20514], pa.int32()).cast(pa.date32()), "tvl": [1, 2.5]}),
        pa.table({"time": [0.0, 1772323200.0, 1772409600.0], "tvl": [7, 1, 2.5]}).slice(1),
        pd.DataFrame({"time": [1772323200, 1772409600], "tvl": [1, 2.5]}),
        pd.DataFrame({"time": pd.to_datetime([1772323200, 1772409600], unit="s"), "tvl": [1, 2.5]}),
        pd.DataFrame(
            {"time": pd.to_datetime(["2026-03-01", "2026-03-02"], utc=True), "tvl": [1, 2.5]}
        ),
        pd.DataFrame(
            {"tvl": pd.array([1, 2.5], dtype="Float64")},
            index=pd.Index([1772323200, 1772409600], name="time"),
        ),
        pd.DataFrame({"time": [1772323200, 1772409600], "tvl": pd.Series([1, 2.5], dtype=object)}),
        {"time": pd.Series([1772323200, 1772409600]), "tvl": pd.Series([1, 2.5])},
    ],
    ids=lambda raw: type(raw).__name__,
)
def test_whatever_it_comes_as(raw):
    """Tables, frames and mappings of all sorts of columns give the same series."""
    assert rows(START, raw) == {"2026-03-01": 1.0, "2026-03-02": 2.5}


@pytest.mark.parametrize(
    "values",
    [
        [None, 1.0],
        [float("nan"), 1],
        np.array([np.nan, 1]),
        pa.array([None, 1]),
        pa.array([float("nan"), 1]),
        pd.Series([None, 1]),
        pd.Series([pd.NA, 1], dtype="Int64"),
        pd.Series([pd.NA, 1], dtype=object),
    ],
    ids=["list", "nan", "numpy", "arrow-ints", "arrow", "pandas", "pandas-ints", "pandas-objects"],
)
def test_unknown_values_are_null(values):
    """None, NaN and pandas' NA are all the one null."""
    raw = {"time": [at("2026-03-01"), at("2026-03-02")], "tvl": values}
    table = to_series(START, raw, now=NOW).table
    assert table["tvl"].null_count == 1
    assert table["tvl"].to_pylist() == [None, 1.0]


def test_all_declared_types():
    """Doubles, integers and texts each keep their type, nulls included."""
    raw = {
        "time": [at("2026-03-01"), at("2026-03-02"), at("2026-03-03")],
        "score": [71, None, 0.5],
        "rank": [3, 2.0, None],
        "label": ["ünï", None, ""],
        "extra": [object(), None, {}],
    }
    series = to_series(MIXED, raw, now=NOW)
    assert series.table.schema.types == [pa.date32(), pa.float64(), pa.int64(), pa.string()]
    assert rows(MIXED, raw) == {
        "2026-03-01": [71.0, 3, "ünï"],
        "2026-03-02": [None, 2, None],
        "2026-03-03": [0.5, None, ""],
    }
    series.table.validate(full=True)


def test_large_integers_stay_exact():
    """An int64 is not squeezed through a float."""
    raw = {"time": [at("2026-03-01")], "score": [1], "rank": [2**62 + 1], "label": [None]}
    assert rows(MIXED, raw)["2026-03-01"][1] == 2**62 + 1


def test_values_beyond_their_limits_become_null_and_are_counted():
    """Both ends of the range are allowed; what is outside is rejected, not published."""
    raw = {
        "time": [at(f"2026-03-0{day}") for day in (1, 2, 3)],
        "score": [100, 100.5, -1e300],
        "rank": [1, 0, -5],
        "label": ["a", "b", "c"],
    }
    series = to_series(MIXED, raw, now=NOW)
    assert series.rejected == 3
    assert series.table["score"].to_pylist() == [100.0, None, -1e300]
    assert series.table["rank"].to_pylist() == [1, None, None]


def test_one_time_twice():
    """The same row twice is one row; two values for one time are an error that names both."""
    same = tvl(("2026-03-01", 1), ("2026-03-02", None), ("2026-03-02", None), ("2026-03-01", 1))
    assert rows(START, same) == {"2026-03-01": 1.0, "2026-03-02": None}
    for other in (2, None):
        with pytest.raises(SchemaError, match=r"'tvl' has two values.*2026-03-01T00:00:00"):
            rows(START, tvl(("2026-03-01", 1), ("2026-03-01", other)))


@pytest.mark.parametrize(
    "empty",
    [
        {"time": [], "tvl": []},
        pd.DataFrame(columns=["time", "tvl"]),
        pa.table({"time": pa.nulls(0), "tvl": pa.nulls(0)}),
        pa.table({"time": pa.array([], pa.timestamp("ms")), "tvl": pa.array([], pa.int8())}),
    ],
    ids=lambda empty: type(empty).__name__,
)
def test_an_empty_answer_is_fine(empty):
    """No rows are a series without rows."""
    assert rows(START, empty) == {}


DAY_ONE = [at("2026-03-01")]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"time": DAY_ONE}, r"lacks 'tvl'; delivered: 'time'"),
        ({"tvl": [1], "Time": DAY_ONE}, r"lacks 'time'; delivered: 'tvl', 'Time'"),
        ({}, r"lacks 'time', 'tvl'; delivered: no columns"),
        (pd.DataFrame({"tvl": [1]}), r"lacks 'time'"),
        (pa.table([[1], [1], [2]], names=["time", "tvl", "tvl"]), r"has 'tvl' more than once"),
        ({"time": DAY_ONE, "tvl": [1, 2]}, r"not of one length: time 1, tvl 2"),
        ({"time": DAY_ONE, "tvl": ["1.5"]}, r"'tvl' is declared double, but holds '1\.5' \(str\)"),
        ({"time": DAY_ONE, "tvl": [True]}, r"'tvl' .* holds True \(bool\)"),
        ({"time": DAY_ONE, "tvl": np.array([True])}, r"'tvl' is declared double, but holds"),
        ({"time": DAY_ONE, "tvl": np.array(["1.5"])}, r"'tvl' .* holds '1\.5' \(str\)"),
        ({"time": DAY_ONE, "tvl": pa.array(["1.5"])}, r"'tvl' .* came as Arrow's string"),
        (pd.DataFrame({"time": DAY_ONE, "tvl": ["1.5"]}), r"'tvl' is declared double"),
        (pd.DataFrame({"time": DAY_ONE, "tvl": [True]}), r"'tvl' is declared double"),
        ({"time": DAY_ONE, "tvl": [[1]]}, r"'tvl' .* holds \[1\] \(list\)"),
        ({"time": DAY_ONE, "tvl": [10**400]}, r"'tvl' is declared double"),
        ({"time": DAY_ONE, "tvl": [float("inf")]}, r"'tvl' holds inf"),
        ({"time": DAY_ONE, "tvl": np.array([-np.inf])}, r"'tvl' holds -inf"),
        ({"time": DAY_ONE, "tvl": "1"}, r"'tvl' is declared double: a column is a sequence"),
        ({"time": DAY_ONE, "tvl": 1}, r"'tvl' is declared double: a column is a sequence"),
        ({"time": ["2026-03-01"], "tvl": [1]}, r"'time' holds '2026-03-01', which is no"),
        ({"time": [True], "tvl": [1]}, r"'time' holds True"),
        ({"time": [None], "tvl": [1]}, r"'time' holds None"),
        ({"time": [float("nan")], "tvl": [1]}, r"'time' holds nan, which lies outside"),
        ({"time": np.array(["NaT"], "M8[s]"), "tvl": [1]}, r"unknown time"),
        ({"time": pa.array([None], pa.int64()), "tvl": [1]}, r"'time' holds a null"),
        ({"time": pa.array(["x"]), "tvl": [1]}, r"'time' came as Arrow's string"),
        ({"time": [DAY_ONE[0] * 1000], "tvl": [1]}, r"2009-01-03 to 2100-01-01; .* milliseconds\?"),
        ({"time": [0], "tvl": [0]}, r"'time' holds 0, which lies outside"),
        ({"time": [10**30], "tvl": [0]}, r"'time'"),
        ({"time": [at("2100-01-01 00:00:01")], "tvl": [0]}, r"outside"),
        ({"time": [date(2008, 1, 1)], "tvl": [0]}, r"outside"),
        ([], r"a fetch returns .* not list"),
        (None, r"not NoneType"),
    ],
)  # fmt: skip
def test_what_is_refused(raw, told):
    """Each mistake of a provider is a SchemaError that names the column and what was there."""
    with pytest.raises(SchemaError, match=told):
        to_series(START, raw, now=NOW)


def test_seconds_for_milliseconds():
    """The classic mistake is named with the unit that it probably is."""
    with pytest.raises(SchemaError, match=r"declares time_unit='ms': are they seconds\?"):
        to_series(END, tvl(("2026-03-01", 1)), now=NOW)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("rank", 1.5, r"'rank' is declared int64, but holds .*1\.5"),
        ("rank", 2**63, r"'rank' is declared int64"),
        ("rank", "7", r"'rank' is declared int64, but holds '7' \(str\)"),
        ("label", 7, r"'label' is declared string, but holds 7 \(int\)"),
        ("label", b"x", r"'label' is declared string"),
    ],
)
def test_other_types_are_refused(column, value, told):
    """Integers and texts are no more converted than numbers are."""
    raw = {"time": DAY_ONE, "score": [1], "rank": [1], "label": ["a"], column: [value]}
    with pytest.raises(SchemaError, match=told):
        to_series(MIXED, raw, now=NOW)


def test_days_to_come_are_kept_for_the_window_to_crop():
    """A replay of answers that were recorded later has them; they are no fault."""
    assert list(rows(START, tvl(("2026-03-14", 1), ("2026-11-22", 2)))) == [
        "2026-03-14",
        "2026-11-22",
    ]


@given(
    st.lists(
        st.tuples(
            st.integers(at("2026-02-01"), at("2026-03-15")),
            st.none() | st.floats(-10, 10, allow_nan=False),
        ),
        unique_by=lambda point: point[0],
    ),
    st.sampled_from([START, END]),
    st.randoms(),
)
def test_order_does_not_matter(points, dataset, chance):
    """However the rows are shuffled: the same series, sorted, each day once."""
    dataset = evolve(dataset, time_unit="s")
    shuffled = chance.sample(points, len(points))
    series = [
        to_series(dataset, {"time": [t for t, _ in p], "tvl": [v for _, v in p]}, now=NOW)
        for p in (points, shuffled)
    ]
    assert series[0].table.equals(series[1].table)
    assert series[0].rejected == series[1].rejected
    days = series[0].table["date"].to_pylist()
    assert days == sorted(set(days))


def test_pandas_is_not_imported_for_others():
    """Who hands in plain columns does not pay for pandas, all the way through the cache."""
    program = """
import sys
from datetime import date, datetime, timezone
from datalake.cache import AssetCache, SeriesKey
from datalake.models import Column, Dataset, Stamp, Window
from datalake.stores import open_store
kinds = ("double", "int64", "string")
dataset = Dataset(name="d", columns={kind: Column("", "", type=kind) for kind in kinds},
                  fetch=None, stamp=Stamp.START)
NOW = datetime(2026, 3, 15, tzinfo=timezone.utc)
answer = {"time": [1772323200, 1772409600], "double": [1.5, None], "int64": [1, None],
          "string": ["a", None]}
cache = AssetCache(open_store("memory:", {}), clock=lambda: NOW)
week = Window(date(2026, 3, 1), date(2026, 3, 8))
for days in (week, Window(date(2026, 3, 1), date(2026, 3, 15))):
    key = SeriesKey("p", "d", "a")
    result = cache.get_or_fetch(key, dataset, "a", days, days, lambda window: answer)
assert len(result.table) == 2, result
print("pandas" in sys.modules)
"""
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (told.stdout, told.stderr) == ("False\n", "")
