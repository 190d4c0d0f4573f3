"""Series as a table: what comes, in which order, and what is said where something does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import datalake
from datalake import ConfigError, StoreError


def test_the_rows_of_the_named_assets(lake, made):
    """Just those of the object in the store, in the order in which they were asked for."""
    table = lake.series("coingecko.market", ["tether", "bitcoin"], since="2026-03-01")
    assert table.column_names == ["asset", "date", "price", "market_cap", "volume"]
    assert table["asset"].unique().to_pylist() == ["tether", "bitcoin"]
    folder = made / "series/v1/provider=coingecko/dataset=market/asset=bitcoin"
    lies = pq.read_table(folder / "series.parquet").to_pylist()
    ours = table.filter(pa.compute.equal(table["asset"], "bitcoin")).to_pylist()
    names = ("date", "price", "market_cap", "volume")
    assert [[row[name] for name in names] for row in ours] == [
        [row[name] for name in names] for row in lies if row["date"] >= date(2026, 3, 1)
    ]


def test_days_columns_and_units(lake):
    """Both ends are included; columns come as they were named, with their units."""
    table = lake.series(
        "coingecko.market", "bitcoin", since=date(2026, 3, 2), until="2026-03-04", columns="price"
    )
    assert table["date"].to_pylist() == [date(2026, 3, day) for day in (2, 3, 4)]
    assert table.schema.field("price").metadata[b"unit"] == b"US dollars"
    known = lake.series("coingecko.market", "bitcoin", columns=["observed_at", "price"])
    assert known.column_names == ["asset", "date", "observed_at", "price"]


def test_all_assets_of_a_dataset(lake):
    """Variants are assets like any others."""
    table = lake.series("coingecko.market", columns=["price"])
    assets = table["asset"].unique().to_pylist()
    assert {"bitcoin", "wrapped-bitcoin"} < set(assets)
    assert assets == sorted(assets)


def test_other_libraries_take_the_table_without_a_copy(lake):
    """Polars and DuckDB read Arrow's own buffers; pandas makes a frame."""
    rows = lake.series("coingecko.market", ["bitcoin"], columns=["price"])
    frame = pl.from_arrow(rows)
    assert (
        frame["price"].to_arrow().buffers()[1].address
        == rows["price"].chunk(0).buffers()[1].address
    )
    assert duckdb.sql("SELECT count(*) FROM rows").fetchall() == [(len(rows),)]
    assert list(rows.to_pandas()["price"]) == rows["price"].to_pylist()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("coingeko.market",), "no dataset 'coingeko.market'; did you mean 'coingecko.market'"),
        (("coingecko.market", "bitcon"), "market/bitcon: not in the cache; did you mean 'bitcoin'"),
    ],
)
def test_what_is_not_there_is_said(lake, asked, told):
    """With what was probably meant."""
    with pytest.raises(ConfigError, match=told):
        lake.series(*asked)


def test_a_column_that_is_not_there(lake):
    """The same goes for columns, and for days that are none."""
    with pytest.raises(ConfigError, match="no column 'prise'; did you mean 'price'"):
        lake.series("coingecko.market", "bitcoin", columns=["prise"])
    with pytest.raises(ConfigError, match="since: 'yesterday' is not a day"):
        lake.series("coingecko.market", "bitcoin", since="yesterday")


def test_an_asset_without_rows_is_left_out_only_where_that_is_wanted(lake):
    """A silent gap is how a bias comes into a study."""
    with pytest.raises(ConfigError, match=r"no rows of coingecko.market/atlantis"):
        lake.series("coingecko.market", ["bitcoin", "atlantis"])
    table = lake.series("coingecko.market", ["bitcoin", "atlantis"], missing="skip")
    assert table["asset"].unique().to_pylist() == ["bitcoin"]
    nothing = lake.series("coingecko.market", ["atlantis"], missing="skip")
    assert (len(nothing), nothing.column_names[:3]) == (0, ["asset", "date", "price"])


def test_what_is_damaged_is_never_taken_for_nothing(small, first_day):
    """Not even where gaps are allowed."""
    small.write("bitcoin", first_day, [1.0, 2.0])
    (entry,) = small.store.list("series/")
    stored = small.store.get(entry.key)
    spoilt = stored.data[:-100] + b"x" + stored.data[-99:]
    small.store.put(entry.key, spoilt, stored.metadata, if_generation=stored.generation)
    with pytest.raises(StoreError, match="its sha256 does not hold"):
        small.lake.series("acme.prices", "bitcoin", missing="skip")


def test_threads_share_a_lake(lake):
    """Each gets what one alone would get."""
    alone = lake.series("coingecko.market", columns=["price"])
    with ThreadPoolExecutor(8) as pool:
        wishes = [
            pool.submit(lake.series, "coingecko.market", columns=["price"]) for _ in range(16)
        ]
        assert all(wish.result().equals(alone) for wish in wishes)


def test_a_lake_only_reads(lake, made):
    """Whatever is asked of it, not a byte in it changes."""

    def state():
        return {path: path.stat().st_mtime_ns for path in made.rglob("*") if path.is_file()}

    before = state()
    lake.series("coingecko.market", as_of="2026-03-13")
    lake.universe(), lake.published(), lake.runs(), lake.explain("bitcoin", "volume")
    assert state() == before


def test_an_empty_lake_says_so(tmp_path):
    """Each question has an answer that leads on."""
    lake = datalake.open(tmp_path / "nothing", environment={})
    assert lake.origin is None
    assert len(lake.runs()) == len(lake.series("coingecko.market")) == 0
    for question in (lake.universe, lake.published):
        with pytest.raises(ConfigError, match="datalake run"):
            question()
