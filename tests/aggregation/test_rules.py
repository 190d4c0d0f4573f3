"""Every rule, and rules for one asset on some days, against the naive fold on random lakes."""

from __future__ import annotations

import random
from datetime import date, timedelta

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from datalake_aggregation import aggregate, fold, parse_mapping

from .conftest import spread

COLUMNS = ("close", "volume", "market_cap", "chain_tvl", "supply", "score")
ASSETS = ("sun", "wsun", "xsun", "sun-b", "staked-sun", "moon", "luna", "wmoon", "alone")
DAYS = [date(2024, 2, 26) + timedelta(days=n) for n in range(8)]  # over every bound in `rich`

PRICES = st.sampled_from([None, float("nan"), 0.0, 100.0, 101.0, 105.0, 94.0, 107.0, 250.0])
# a weight near the smallest float makes products that have lost their digits, in the oracle as well
AMOUNTS = st.one_of(
    st.none(), st.just(float("nan")), st.sampled_from([0.0, 1.0, 7.5]), st.floats(1e-6, 1e12)
)


@st.composite
def lakes(draw):
    """Draw rows of any of the assets on any of the days, each pair at most once."""
    pairs = st.tuples(st.sampled_from(ASSETS), st.sampled_from(DAYS))
    return [
        {"date": day, "asset": asset, "close": draw(PRICES)}
        | {column: draw(AMOUNTS) for column in COLUMNS[1:]}
        for asset, day in draw(st.lists(pairs, unique=True, max_size=30))
    ]


@given(rows=lakes())
@settings(max_examples=75, deadline=None)
def test_every_rule_is_what_its_words_say(rows, rich, naive):
    """Cell for cell, on the days of every rule and where none of its own holds."""
    folded = naive.cells(aggregate(naive.frame(rows, COLUMNS), rich))
    naive.same(folded, naive.fold(rows, rich, COLUMNS))


@given(rows=lakes(), seed=st.integers())
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_does_not_matter(rows, seed, rich, naive):
    """Shuffled rows give exactly the same frames, to the last bit."""
    shuffled = random.Random(seed).sample(rows, len(rows))
    one, other = (fold(naive.frame(some, COLUMNS), rich) for some in (rows, shuffled))
    assert one.frame.equals(other.frame)
    assert one.contributions().equals(other.contributions())


@given(rows=lakes(), cut=st.sampled_from(DAYS))
@settings(max_examples=25, deadline=None)
def test_a_window_may_be_split(rows, cut, rich, naive):
    """Two halves folded apart are the whole, as long as no stretch of the guard is cut."""
    mapping = evolve(rich, guard=evolve(rich.guard, tolerance=1e6, kinds={}))
    lake = naive.frame(rows, COLUMNS)
    halves = [
        aggregate(lake.filter(pl.col("date") < cut), mapping),
        aggregate(lake.filter(pl.col("date") >= cut), mapping),
    ]
    assert pl.concat(halves).sort("canonical_id", "date").equals(aggregate(lake, mapping))


@given(rows=lakes())
@settings(max_examples=25, deadline=None)
def test_folding_twice_is_folding_once(rows, rich, naive):
    """A folded frame, folded again, stays as it is (a plugin's reducer promises no such thing)."""
    columns = [column for column in COLUMNS if column != "score"]
    usual = parse_mapping("version: 1\noverrides: {moon: {supply: {max: members}}}", over=rich)
    once = aggregate(naive.frame(rows, columns), usual)
    assert aggregate(once.rename({"canonical_id": "asset"}), usual).equals(once)


@given(rows=lakes(), seed=st.integers())
@settings(max_examples=25, deadline=None)
def test_the_order_of_members_matters_to_equals_only(rows, seed, rich, naive):
    """Variants listed in another order give the same cells where no two volumes are equal."""
    lake = naive.frame(rows, COLUMNS).with_row_index("place")
    lake = lake.with_columns(pl.col("place").cast(pl.Float64).alias("volume")).drop("place")
    variants = ["wsun", "xsun"]
    random.Random(seed).shuffle(variants)
    text = f"version: 1\nassets: {{sun: {{bridged: [sun-b], wrapped: [{', '.join(variants)}]}}}}"
    assert aggregate(lake, parse_mapping(text, over=rich)).equals(aggregate(lake, rich))


@pytest.mark.parametrize(
    ("column", "asset", "day", "text", "line"),
    [
        ("market_cap", "sun", "2024-02-27", "{from: native, plus: migrated}", 7),
        (
            *("market_cap", "sun", "2024-02-28"),
            "{from: native, plus: [wrapped, bridged], since: 2024-02-28, until: 2024-03-01}",
            13,
        ),
        (
            *("market_cap", "sun", "2024-03-01"),
            "{from: native, plus: [wrapped, bridged], since: 2024-02-28, until: 2024-03-01}",
            13,
        ),
        ("market_cap", "sun", "2024-03-02", "{from: native, plus: migrated}", 7),
        ("market_cap", "moon", "2024-02-28", "{from: native}", 20),
        ("supply", "sun", "2024-02-27", "{sum: members, until: 2024-02-27}", 16),
        ("supply", "sun", "2024-02-28", "{mean: members, weight: volume}", 9),
        ("supply", "alone", "2024-02-27", "{mean: members, weight: volume}", 9),
    ],
)
def test_which_rule_holds(column, asset, day, text, line, rich):
    """The rule of a cell says how it is written, where, and from where its values come."""
    rule = rich.rule_for(column, asset, date.fromisoformat(day))
    assert (rule.text, str(rule.where)) == (text, f"rich.yaml:{line}")
    assert rule.source == rich.columns[column].source


def test_a_column_that_is_not_there_is_said(rich):
    """A mean is not silently another number where its weights are not in the frame."""
    frame = pl.DataFrame({"date": DAYS[:1], "asset": ["sun"], "supply": [1.0]})
    with pytest.raises(ValueError, match=r'"supply", \{mean: .*, needs the column "volume"'):
        aggregate(frame, rich)


@pytest.mark.parametrize(
    ("rules", "since", "found"),
    [
        ("", "2024-01-01", ["sum"]),
        ("{max: members}", "2024-01-01", ["max"]),
        ("{max: members, since: 2024-02-01}", "2024-01-01", ["max", "sum"]),
        ("{max: members, since: 2024-02-01}", "2024-02-01", ["max"]),
        ("{max: members, until: 2024-02-01}", "2024-02-01", ["max", "sum"]),
        ("{max: members, until: 2024-02-01}", "2024-02-02", ["sum"]),
        (
            "[{max: members, until: 2024-02-01}, {from: native, since: 2024-02-02}]",
            *("2024-01-01", ["max", "from"]),
        ),
        (
            "[{max: members, until: 2024-02-01}, {from: native, since: 2024-02-03}]",
            *("2024-01-01", ["max", "from", "sum"]),
        ),
    ],
)
def test_the_rules_that_hold_from_a_day_on(rules, since, found):
    """Those of the asset that are not over, and the usual one where a day is left to it."""
    text = "version: 1\ncolumns: {v: {source: a.b.c, sum: members}}\nassets: {sun: {wrapped: [w]}}"
    mapping = parse_mapping(f"{text}\noverrides: {{sun: {{v: {rules}}}}}" if rules else text)
    held = [*mapping.rules_for("v", "sun", date.fromisoformat(since))]
    assert [rule.text[1:].split(":")[0] for rule in held] == found
    assert [rule.source for rule in held] == [("a.b.c",)] * len(found)


def dense_lake():
    """Forty days of all assets, with gaps, strays, ties and values of nothing."""
    rng = random.Random(3)
    prices = [100.0, 100.0, 101.0, 94.0, 90.0, None, float("nan")]
    return [
        {"date": date(2024, 2, 10) + timedelta(n), "asset": asset, "close": rng.choice(prices)}
        | {
            column: rng.choice([None, float("nan"), 0.0, 7.5, rng.random() * 1e9])
            for column in COLUMNS[1:]
        }
        for asset in ASSETS
        for n in range(40)
        if rng.random() < 0.9
    ]


@pytest.mark.parametrize(
    ("into", "back"),
    [
        (lambda f: f, lambda f: f),
        (lambda f: f.to_pandas(), pl.from_pandas),
        (lambda f: f.to_pandas(use_pyarrow_extension_array=True), pl.from_pandas),
        (lambda f: f.to_arrow(), pl.from_arrow),
    ],
    ids=["polars", "pandas", "pandas, arrow columns", "pyarrow"],
)
def test_every_rule_on_every_engine(into, back, rich, naive):
    """A plugin's reducer, rules of single assets and the guard's stretches, cell for cell."""
    rows = dense_lake()
    folded = fold(into(naive.frame(rows, COLUMNS)), rich)
    frame = back(folded.frame).with_columns(pl.col("date").cast(pl.Date))
    cells = naive.cells(frame.with_columns(pl.col(COLUMNS).fill_nan(None)))
    naive.same(cells, naive.fold(rows, rich, COLUMNS))
    assert len(folded.exclusions) == len(naive.exclusions(rows, rich)) > 30
    assert len(folded.contributions()) == len(
        fold(naive.frame(rows, COLUMNS), rich).contributions()
    )


@pytest.mark.parametrize("into", [lambda f: f, lambda f: f.lazy(), lambda f: f.to_arrow()])
def test_what_no_number_can_be_is_unknown(into, small):
    """A sum and a mean that are too large, and what a reducer makes of nothing: null, never NaN."""

    def nothing(rows, column):
        return spread(rows, column).with_columns((nw.col(column) * 0 / 0).alias(column))

    odd = parse_mapping(
        "version: 1\ncolumns:\n"
        "  supply: {source: p.d.x, mean: members, weight: volume}\n"
        "  score: {source: p.d.x, reduce: nothing, of: members}\n",
        over=small,
        reducers={"nothing": nothing},
    )
    rows = {"date": [DAYS[0]] * 2, "asset": ["sun", "wsun"], "volume": [1e306, 2e306]}
    frame = pl.DataFrame({**rows, "supply": [1e300, 2e300], "score": [1.0, 1.0]})
    found = pl.DataFrame(nw.from_native(aggregate(into(frame), odd)).lazy().collect().to_native())
    assert found.select("volume", "supply", "score").row(0) == (None, None, None)
