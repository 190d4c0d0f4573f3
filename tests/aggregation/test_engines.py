"""One fold, many kinds of frames: every engine gives the same cells (Spark: see test_spark)."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from datalake_aggregation import aggregate, fold, parse_mapping

DAY = date(2024, 2, 29)


def relation(frame):
    """A relation of a connection of its own, which knows nothing of any other."""
    return duckdb.connect().from_arrow(frame.to_arrow(compat_level=pl.CompatLevel.oldest()))


ENGINES = {
    "polars": (lambda f: f, lambda f: f, pl.DataFrame),
    "polars, lazy": (lambda f: f.lazy(), lambda f: f.collect(), pl.LazyFrame),
    "duckdb": (relation, lambda f: f.pl(), duckdb.DuckDBPyRelation),
    "pandas": (lambda f: f.to_pandas(), pl.from_pandas, pd.DataFrame),
    "pandas, arrow columns": (
        lambda f: f.to_pandas(use_pyarrow_extension_array=True),
        pl.from_pandas,
        pd.DataFrame,
    ),
    "pyarrow": (lambda f: f.to_arrow(), pl.from_arrow, pa.Table),
}


@pytest.fixture(params=ENGINES)
def engine(request):
    """One engine: how to make its frame, how to get back to Polars, and its type."""
    return ENGINES[request.param]


def plain(frame):
    """Make engines' spellings of a date and of nothing alike."""
    frame = frame.with_columns(pl.col("date").cast(pl.Date))
    floats = [name for name, dtype in frame.schema.items() if dtype.is_float()]
    return frame.with_columns(pl.col(floats).fill_nan(None))


def equal(left, right):
    """Compare two folded frames: same rows in the same order, floats to 1e-12."""
    assert left.columns == right.columns
    assert left.height == right.height
    for name in left.columns:
        one, other = left[name].to_list(), right[name].to_list()
        if left[name].dtype.is_float():
            pairs = zip(one, other, strict=True)
            bad = [
                (name, row, a, b)
                for row, (a, b) in enumerate(pairs)
                if (a is None) != (b is None)
                or (a is not None and not math.isclose(a, b, rel_tol=1e-12))
            ]
            assert not bad, bad[:5]
        else:
            assert one == other


def check(engine, frame, mapping):
    """Fold `frame` with the engine; the type stays, and all three frames equal those of Polars."""
    into, back, kind = engine
    ours, theirs = fold(frame, mapping), fold(into(frame), mapping)
    assert type(theirs.frame) is kind
    assert type(theirs.exclusions) is kind
    assert type(theirs.contributions()) is kind
    equal(plain(back(theirs.frame)), plain(ours.frame))
    exclusions, contributions = back(theirs.exclusions), back(theirs.contributions())
    if ours.exclusions.height:
        equal(plain(exclusions), plain(ours.exclusions))
    assert len(exclusions) == ours.exclusions.height
    assert len(contributions) == ours.contributions().height
    return exclusions, plain(back(theirs.frame))


ROWS = [
    {"date": DAY, "asset": "wsun", "close": 99.0, "volume": 2.0, "market_cap": 5.0},
    {"date": DAY, "asset": "sun", "close": 100.0, "volume": float("nan"), "market_cap": None},
    {"date": DAY + timedelta(1), "asset": "xsun", "close": 98.0, "volume": 3.0},
    {"date": DAY + timedelta(1), "asset": "wsun", "close": float("nan"), "volume": 9.0},
    {"date": DAY, "asset": "alone", "close": None, "volume": 0.0, "chain_tvl": 1.0},
    {"date": DAY, "asset": "luna", "close": 3.0, "volume": None, "market_cap": 2.0},
    {"date": DAY, "asset": "moon", "close": None, "volume": None, "market_cap": 1.0},
]


@pytest.mark.parametrize("count", [len(ROWS), 1, 0])
def test_small_frames(engine, count, small, naive):
    """Unsorted rows with nulls and NaN, one row, and none at all."""
    check(engine, naive.frame(ROWS[:count]), small)


def test_gaps_come_out_as_null_and_never_as_nought(small, naive):
    """The sum of nothing known is null; a known 0 stays 0."""
    cells = naive.cells(aggregate(naive.frame(ROWS), small))
    assert cells["moon", DAY] == {
        "close": 3.0,
        "volume": None,
        "market_cap": 3.0,
        "chain_tvl": None,
        "supply": None,
    }
    assert cells["sun", DAY + timedelta(1)]["close"] == 98.0
    assert cells["alone", DAY]["volume"] == 0.0


@pytest.mark.parametrize("columns", [["close"], ["volume"], ["chain_tvl", "market_cap"]])
def test_missing_columns(engine, columns, small, naive):
    """A frame may hold any of the mapping's columns, in any order."""
    _, result = check(engine, naive.frame(ROWS, columns), small)
    assert result.columns == ["date", "canonical_id", *columns]


def test_columns_of_nothing_but_nulls(engine, small):
    """Engines give such a column odd types; it comes out as numbers that are missing."""
    frame = pl.DataFrame({"date": [DAY], "asset": ["wsun"], "close": [None], "volume": [None]})
    result = plain(engine[1](aggregate(engine[0](frame), small)))
    assert result.select("close", "volume").row(0) == (None, None)


def test_whole_numbers_are_folded_as_numbers(engine, small):
    """A column of integers (a rank, a count) folds like any other."""
    frame = pl.DataFrame(
        {"date": [DAY, DAY], "asset": ["sun", "wsun"], "close": [3, 3], "volume": [1, 2]}
    )
    assert engine[1](aggregate(engine[0](frame), small)).select("volume").row(0) == (3.0,)


@pytest.mark.parametrize(
    "dates",
    [
        [DAY, DAY],
        [datetime(2024, 2, 29), datetime(2024, 2, 29)],  # noqa: DTZ001  # naive ones occur
        [datetime(2024, 2, 29, tzinfo=timezone.utc)] * 2,
    ],
)
def test_days_may_be_dates_or_midnights(engine, dates, small):
    """Whatever a day is written as comes out as it came in."""
    frame = pl.DataFrame({"date": dates, "asset": ["sun", "wsun"], "volume": [1.0, 2.0]})
    result = engine[1](aggregate(engine[0](frame), small))
    assert result["volume"].to_list() == [3.0]
    assert plain(result)["date"].to_list() == [DAY]


def test_an_infinite_number_is_unknown(engine, small):
    """No engine may add it up, or compare by it, in a way of its own."""
    frame = pl.DataFrame(
        {
            "date": [DAY] * 5,
            "asset": ["sun", "wsun", "xsun", "luna", "alone"],
            "close": [float("inf"), 99.0, float("-inf"), float("inf"), float("-inf")],
            "volume": [float("-inf"), 2.0, float("inf"), None, 1.0],
            "market_cap": [1.0, 1.0, 1.0, float("inf"), float("inf")],
        }
    )
    result = plain(engine[1](aggregate(engine[0](frame), small)))
    assert result.drop("date").rows() == [
        ("alone", None, 1.0, None),
        ("moon", None, None, None),
        ("sun", 99.0, 2.0, 1.0),
    ]


NOON = datetime(2024, 2, 29, 12, 30)  # noqa: DTZ001  # naive ones occur


@pytest.mark.parametrize(
    ("days", "says"),
    [
        (pl.Series(["2024-02-29"]), 'the column "date" holds .*, not days; convert it to dates'),
        (pl.Series([20_240_229]), 'the column "date" holds Int64, not days; convert it to dates'),
        (pl.Series([NOON]), "holds 2024-02-29 12:30:00, but a row stands for a whole day"),
        (
            pl.Series([NOON.replace(tzinfo=timezone.utc)]),
            "holds 2024-02-29 12:30:00, but a row stands for a whole day",
        ),
    ],
)
def test_what_is_no_day_is_refused(engine, days, says, small):
    """Rows of one day would not meet: texts, numbers, and instants within a day."""
    frame = pl.DataFrame({"date": days, "asset": ["sun"], "volume": [1.0]})
    with pytest.raises(ValueError, match=says):
        aggregate(engine[0](frame), small)


@pytest.mark.parametrize("kind", ["polars", "polars, lazy", "pandas", "pyarrow"])
def test_midnights_of_another_zone_are_refused(kind, small):
    """They begin other days than those of UTC (DuckDB shows instants in its own zone)."""
    midnight = pl.Series([datetime(2024, 2, 29)]).dt.replace_time_zone("Europe/Berlin")  # noqa: DTZ001
    frame = pl.DataFrame({"date": midnight, "asset": ["sun"], "volume": [1.0]})
    with pytest.raises(ValueError, match="in the time zone Europe/Berlin, but a row stands for"):
        aggregate(ENGINES[kind][0](frame), small)


def test_categorical_assets(small, naive):
    """Ids as categories, the usual saving of memory, fold like text."""
    frame = naive.frame(ROWS)
    expected = aggregate(frame, small)
    assert aggregate(frame.with_columns(pl.col("asset").cast(pl.Categorical)), small).equals(
        expected
    )
    pandas = frame.to_pandas()
    pandas["asset"] = pandas["asset"].astype("category")
    equal(plain(pl.from_pandas(aggregate(pandas, small))), plain(expected))


def test_a_pandas_index_does_not_matter(small, naive):
    """Rows keep their meaning under any index, and the result has a plain one."""
    frame = naive.frame(ROWS).to_pandas()
    odd = frame.set_index(pd.Index(range(100, 100 + len(frame))[::-1]))
    result = aggregate(odd, small)
    pd.testing.assert_frame_equal(result, aggregate(frame, small))
    assert list(result.index) == list(range(len(result)))


def big_lake():
    """160,000 rows: 60 families of native and two variants, gaps, strays and shuffled."""
    rng = np.random.default_rng(7)
    assets = [f"n{i}{kind}" for i in range(60) for kind in ("", "-w", "-m")]
    days = pl.date_range(date(2022, 1, 1), date(2024, 6, 7), eager=True)
    size = len(assets) * len(days)
    wander = np.tile(np.exp(np.cumsum(rng.normal(0, 0.01, len(days)))), len(assets))
    frame = pl.DataFrame(
        {
            "date": pl.concat([days] * len(assets)),
            "asset": np.repeat(assets, len(days)),
            "close": wander * (1 + rng.normal(0, 0.02, size)),
            "volume": np.round(rng.gamma(2, 100, size)),  # whole numbers: many ties
            "market_cap": rng.gamma(2, 1e6, size),
            "chain_tvl": rng.random(size),
        }
    )
    names = ("close", "volume", "market_cap", "chain_tvl")
    holes = [
        pl.when(pl.Series(rng.random(size) < 0.9)).then(pl.col(name)).alias(name) for name in names
    ]
    lake = frame.with_columns(holes).with_columns(pl.col("volume") % 7)
    return lake.sample(fraction=1.0, shuffle=True, seed=7).filter(rng.random(size) < 0.97)


BIG = "version: 1\ncolumns:\n" + "".join(
    f"  {name}: {{source: p.d.x, {rule}}}\n"
    for name, rule in (
        ("close", "from: native, else: largest-volume"),
        ("volume", "sum: members"),
        ("market_cap", "from: native, plus: migrated"),
        ("chain_tvl", "from: native"),
    )
)
BIG += "assets:\n" + "".join(
    f"  n{i}: {{wrapped: [n{i}-w], migrated: [n{i}-m]}}\n" for i in range(45)
)


def test_a_large_frame(engine):
    """Well over 100,000 rows, where an engine that loses the order of rows would show it."""
    lake = big_lake()
    assert lake.height > 150_000
    exclusions, _ = check(engine, lake, parse_mapping(BIG))
    assert len(exclusions) > 100


def test_columns_may_have_any_name(engine, small):
    """No name that a mapping allows gets in the way of the fold's own columns."""
    names = (
        *("close", "volume", "kind", "order", "rank", "excluded", "ratio", "value", "column"),
        *("position", "native", "picked", "known", "index", "count"),
    )
    rules = ("from: native, else: largest-volume", "sum: members", "from: native, plus: bridged")
    mapping = parse_mapping(
        "version: 1\ncolumns:\n"
        + "".join(f"  {name}: {{source: p.d.x, {rules[n % 3]}}}\n" for n, name in enumerate(names)),
        over=small,
    )
    numbers = {name: [float(n), n + 0.25, 1.0, None] for n, name in enumerate(names)}
    frame = pl.DataFrame(
        {
            "date": [DAY] * 4,
            "asset": ["sun", "wsun", "alone", "moon"],
            **numbers,
            "close": [10.0, 10.1, 1.0, None],
        }
    )
    theirs = plain(engine[1](aggregate(engine[0](frame), mapping)))
    equal(theirs, plain(aggregate(frame, mapping)))
    (sun,) = aggregate(frame, mapping).filter(pl.col("canonical_id") == "sun").to_dicts()
    for n, name in enumerate(names[1:], 1):
        assert sun[name] == (2 * n + 0.25 if n % 3 == 1 else n), name


@pytest.mark.parametrize("asset", ["alone", "wsun"])
def test_a_duplicate_is_named(engine, asset, small):
    """Two rows of one asset and day are an error that says which, folded or not."""
    frame = pl.DataFrame(
        {
            "date": [DAY, DAY, DAY + timedelta(1), DAY + timedelta(1)],
            "asset": ["sun", asset, asset, asset],
            "volume": [1.0, 2.0, 3.0, 3.0],
        }
    )
    with pytest.raises(ValueError, match=f"{asset} has more than one row for 2024-03-01"):
        aggregate(engine[0](frame), small)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"date": [DAY], "volume": [1.0]}, "no column asset"),
        ({"volume": [1.0]}, "no column date and no column asset"),
        ({"date": [DAY], "asset": ["sun"]}, "nothing to fold"),
        ({"date": [DAY], "asset": [None], "volume": [1.0]}, "a row has no asset"),
        ({"date": [None], "asset": ["sun"], "volume": [1.0]}, "a row has no date"),
        (
            {"date": [DAY], "asset": ["sun"], "volum": [1.0]},
            'no rule for the column "volum"; did you mean "volume"',
        ),
        ({"date": [DAY], "asset": ["sun"], "volume": ["many"]}, '"volume" holds String, not'),
    ],
)
def test_frames_that_cannot_be_folded(columns, says, small):
    """What is missing or has no meaning here is named."""
    with pytest.raises(ValueError, match=says):
        aggregate(pl.DataFrame(columns), small)


@pytest.mark.parametrize("thing", [pl.Series([1]), [1, 2], "frame"])
def test_things_that_are_no_frames(thing, small):
    """Anything else is refused with its type."""
    with pytest.raises(TypeError, match=rf"{type(thing).__name__} cannot be folded"):
        aggregate(thing, small)
