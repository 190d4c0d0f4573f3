"""The overview's numbers are those of the file, counted in the most naive way."""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datalake.dashboard.overview import overview
from datalake.dashboard.shown import look
from datalake.errors import ConfigError
from datalake.publish.place import LocalPlace

from .conftest import FACTS, LAST, rows_of, table, write

DAYS = [LAST - timedelta(days=ago) for ago in range(45, -2, -1)]  # the last one is open
VALUES = st.one_of(st.none(), st.sampled_from([0.0, 1.5, 2e9, 0.00012, math.nan, math.inf]))
CELLS = st.dictionaries(st.sampled_from(DAYS), st.tuples(VALUES, VALUES), max_size=12)


def shown(path: Path):
    return overview(look(LocalPlace(path)))


def of(path: Path, asset: str):
    return next(one for one in shown(path)["assets"] if one["id"] == asset)


def naive(rows, column, closed):
    """Days and values of an asset's column, as one reads them."""
    known = [(day, row[column]) for day, row in rows if row[column] is not None]
    known = [(day, value) for day, value in known if math.isfinite(value)]
    return [(day, value) for day, value in known if day <= LAST] if closed else known


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from("abcde"), CELLS, min_size=1))
def test_it_agrees_with_a_count_by_hand(assets):
    """Whatever the days and values, of each asset and column."""
    cells = [
        {"date": day, "canonical_id": asset, "close": close, "volume": volume}
        for asset in sorted(assets)
        for day, (close, volume) in sorted(assets[asset].items())
    ]
    schema = {"date": pl.Date, "canonical_id": pl.String, "close": pl.Float64, "volume": pl.Float64}
    with tempfile.TemporaryDirectory() as folder:
        opened = {**FACTS, "last_day": DAYS[-1].isoformat(), "open_day": DAYS[-1].isoformat()}
        path = write(Path(folder) / "x.parquet", pl.DataFrame(cells, schema=schema), opened)
        found = shown(path)
    assert found["rows"] == len(cells)
    assert [one["id"] for one in found["assets"]] == sorted(name for name in assets if assets[name])
    for one in found["assets"]:
        rows = [(cell["date"], cell) for cell in cells if cell["canonical_id"] == one["id"]]
        first, count = one["rows"]
        assert cells[first : first + count] == [cell for _, cell in rows]
        assert (one["first_day"], one["last_day"]) == (rows[0][0], rows[-1][0])
        assert one["days"] == max(0, (LAST - rows[0][0]).days + 1)
        for column in ("close", "volume"):
            check_column(one, column, rows)
        check_prices(one, dict(naive(rows, "close", closed=True)))
    check_months(found, cells)


def check_column(one, column, rows):
    known = naive(rows, column, closed=False)
    closed = naive(rows, column, closed=True)
    if not known:
        assert column not in one["last"]
    else:
        assert one["last"][column] == [known[-1][1], known[-1][0]]
    if not closed:
        assert column not in one["coverage"]
    else:
        behind = (LAST - closed[-1][0]).days
        assert one["coverage"][column] == [len(closed), closed[0][0], closed[-1][0], behind]


def check_prices(one, prices):
    last = [LAST - timedelta(days=ago) for ago in range(29, -1, -1)]
    assert one["sparkline"] in (None, [prices.get(day) for day in last])
    assert one["sparkline"] is not None or not prices
    if not prices:
        assert one["change"] is None
        return
    day = max(prices)
    assert one["change"]["day"] == day
    for days in (1, 7, 30):
        before = prices.get(day - timedelta(days=days))
        expected = prices[day] / before - 1 if before else None
        assert one["change"][f"d{days}"] == (expected if expected is None else round(expected, 6))


def check_months(found, cells):
    """Of the days from each asset's first one on, month by month."""
    days = Counter(
        f"{one['first_day'] + timedelta(days=number):%Y-%m}"
        for one in found["assets"]
        for number in range(one["days"])
    )
    told = found["coverage_by_month"]
    assert told["months"] == sorted(days)
    for column, shares in told["columns"].items():
        known = Counter(
            f"{cell['date']:%Y-%m}"
            for cell in cells
            if cell["date"] <= LAST and cell[column] is not None and math.isfinite(cell[column])
        )
        assert shares == [round(known[month] / days[month], 4) for month in told["months"]]


def test_of_what_a_run_published(published):
    """The same of a real file, and what it says of itself beside."""
    found = shown(published.output)
    rows = table(published.output).to_pylist()
    assert (found["rows"], found["synthetic"], found["open_day"]) == (len(rows), True, None)
    assert found["as_of"] == datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
    assert found["closed_through"] == LAST
    assert [one["rank"] for one in found["assets"]] == [1, 2, 3, 4, 5, 6]
    for one in found["assets"]:
        first, count = one["rows"]
        assert {row["canonical_id"] for row in rows[first : first + count]} == {one["id"]}
        last = rows[first + count - 1]
        for name, (value, day) in one["last"].items():
            known = [row for row in rows[first : first + count] if row[name] is not None]
            assert (known[-1][name], known[-1]["date"].date()) == (value, day)
        assert one["last"]["close"][0] == last["close"]
    close = found["columns"][0]
    assert (close["name"], close["provider"], close["behind"]) == ("close", "coingecko", 0)
    assert close["unit"] == "US dollars"


def test_why_values_are_missing(published):
    """The report of the run knows it; a column that is known needs no reason."""
    tether = of(published.output, "tether")
    assert tether["why"]["chain_tvl"] == "DefiLlama has no such series"
    assert "close" not in tether["why"]


def test_a_column_that_nobody_knows(tmp_path):
    """It is shown, though nothing is said of it; a text is not."""
    rows = rows_of(bitcoin={"close": [1.0, 2.0], "mood": [None, 7.0]})
    rows = rows.with_columns(note=pl.lit("hello"), count=pl.lit(3))
    found = shown(write(tmp_path / "x.parquet", rows))
    assert [one["name"] for one in found["columns"]] == ["close", "mood", "count"]
    assert found["columns"][1]["unit"] is None
    assert found["columns"][1]["behind"] is None
    (bitcoin,) = found["assets"]
    assert bitcoin["last"]["mood"] == [7.0, LAST]
    assert bitcoin["coverage"]["mood"] == [1, LAST, LAST, None]


def test_a_file_that_says_nothing_of_itself(tmp_path):
    """Not even whether it is real, which is said."""
    path = write(tmp_path / "x.parquet", rows_of(bitcoin={"close": [1.0]}), None)
    found = look(LocalPlace(path))
    assert overview(found)["synthetic"] is None
    assert overview(found)["closed_through"] == LAST
    assert any("whether it is simulated is not known" in one for one in found.trouble)


def test_a_file_without_rows(tmp_path):
    """It is shown as what it is: empty."""
    empty = rows_of(bitcoin={"close": [1.0]}).clear()
    found = shown(write(tmp_path / "x.parquet", empty))
    assert (found["rows"], found["assets"], found["first_day"]) == (0, [], None)
    assert found["coverage_by_month"]["months"] == []
    with pytest.raises(ConfigError, match="has no rows"):
        shown(write(tmp_path / "y.parquet", empty, None))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("last_day", "soon"), ("open_day", 7), ("as_of", "yesterday"), ("synthetic", "perhaps")],
        *[("columns", ["close"]), ("columns", {"close": None}), ("schema_version", "one")],
        ("columns", {"close": {**FACTS["columns"]["close"], "last_closed": "2026-02-30"}}),
    ],
)
def test_a_file_that_says_nonsense_of_itself(tmp_path, name, value):
    """Its numbers may be nonsense, too."""
    rows = rows_of(bitcoin={"close": [1.0]})
    path = write(tmp_path / "x.parquet", rows, {**FACTS, name: value})
    with pytest.raises(ConfigError, match=r"x\.parquet cannot be shown: its metadata are damaged"):
        shown(path)


def test_a_file_of_a_newer_version(tmp_path):
    path = write(
        tmp_path / "x.parquet", rows_of(a={"close": [1.0]}), {**FACTS, "schema_version": 2}
    )
    with pytest.raises(ConfigError, match="newer version"):
        shown(path)


@pytest.mark.parametrize("spoil", ["unsorted", "twice", "apart", "no day"])
def test_rows_that_cannot_be_found_by_their_number(tmp_path, spoil):
    """A page would show another asset's numbers."""
    rows = rows_of(bitcoin={"close": [1.0, 2.0]}, ethereum={"close": [3.0]})
    order = {"unsorted": [1, 0, 2], "twice": [0, 0, 1, 2], "apart": [0, 2, 1]}
    rows = rows[order.get(spoil, [0, 1, 2])]
    if spoil == "no day":
        rows = rows.with_columns(date=pl.when(pl.col("close") != 2).then(pl.col("date")))
    path = write(tmp_path / "x.parquet", rows)
    with pytest.raises(ConfigError, match=r"x\.parquet cannot be shown: .* not sorted"):
        shown(path)


def test_the_assets_file_of_another_publication(tmp_path, published):
    """Is not mixed in: its names and ranks may be those of other assets."""
    path = tmp_path / "user_facing_data.parquet"
    path.write_bytes(published.output.read_bytes())
    beside = tmp_path / "user_facing_assets.parquet"
    versions = sorted(published.output.with_name("user_facing_data.published").glob("versions/*"))
    beside.write_bytes((versions[0] / "user_facing_assets.parquet").read_bytes())
    found = look(LocalPlace(path))
    assert found.assets is None
    assert any("not of the same publication" in one for one in found.trouble)
    beside.write_bytes((versions[1] / "user_facing_assets.parquet").read_bytes())
    assert look(LocalPlace(path)).universe()[0]["canonical_id"] == "bitcoin"


def test_a_file_that_was_not_published_there(tmp_path, publish):
    """Beside a history that does not know it: somebody changed it, as well as it may look."""
    output = publish(tmp_path, top=1).output
    assert look(LocalPlace(output)).trouble == []
    table = pq.read_table(output)
    pq.write_table(table, output)
    assert any("none that its history names" in one for one in look(LocalPlace(output)).trouble)


def test_days_are_written_as_days(tmp_path):
    """A file whose dates are days and no instants is read as well."""
    rows = rows_of(bitcoin={"close": [1.0, 2.0]})
    rows.write_parquet(tmp_path / "x.parquet")
    assert of(tmp_path / "x.parquet", "bitcoin")["last_day"] == date(2026, 3, 14)
