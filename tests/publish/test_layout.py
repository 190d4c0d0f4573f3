"""The published files as other programs read them."""

from __future__ import annotations

import json
import math
import random
import shutil
from datetime import date, datetime, timedelta, timezone

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datalake.publish import STANDARD, AssetNote, publish
from datalake.publish.layout import encode_assets, encode_data

METADATA = {
    "datalake.file",
    "datalake.schema_version",
    "datalake.synthetic",
    "datalake.as_of",
    "datalake.last_day",
    "datalake.open_day",
    "datalake.mapping_sha256",
    "datalake.columns",
}


def opened(data):
    return pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)


def test_schema_is_exactly_the_standard_one(made):
    """Ten columns in order; a UTC time stamp, a plain string, doubles; no pandas index."""
    schema = opened(encode_data(made())).schema_arrow
    assert schema.names == list(STANDARD)
    assert schema.field("date").type == pa.timestamp("us", tz="UTC")
    assert schema.field("canonical_id").type == pa.string()
    assert {schema.field(name).type for name in STANDARD[2:]} == {pa.float64()}
    assert schema.pandas_metadata is None


def test_extended_columns_follow_in_the_order_of_their_notes(made, frame):
    """Extended columns come after the ten, whatever their place in the frame."""
    rows = frame(extended=("open", "low", "high"))
    candidate = made(rows)
    shuffled = rows.select(sorted(rows.columns, reverse=True))
    data = encode_data(made(shuffled, columns=candidate.columns))
    assert opened(data).schema_arrow.names == [*STANDARD, "open", "low", "high"]


def test_encodings_and_compression(made):
    """Floats are byte-stream-split, dates delta-packed, ids alone in a dictionary, all in zstd."""
    group = opened(encode_data(made())).metadata.row_group(0)
    chunks = {group.column(at).path_in_schema: group.column(at) for at in range(group.num_columns)}
    assert "DELTA_BINARY_PACKED" in chunks["date"].encodings
    assert "RLE_DICTIONARY" in chunks["canonical_id"].encodings
    assert all("BYTE_STREAM_SPLIT" in chunks[name].encodings for name in STANDARD[2:])
    assert [name for name in STANDARD if chunks[name].has_dictionary_page] == ["canonical_id"]
    assert {chunk.compression for chunk in chunks.values()} == {"ZSTD"}


def test_a_flipped_byte_is_noticed(made, frame):
    """Page checksums tell a reader that a stored value was damaged."""
    data = bytearray(encode_data(made(frame(days=400))))
    chunk = opened(bytes(data)).metadata.row_group(0).column(2)
    data[chunk.data_page_offset + chunk.total_compressed_size // 2] ^= 1
    with pytest.raises(OSError, match="CRC"):
        opened(bytes(data)).read()


def test_metadata_is_an_allowlist(made):
    """Only our keys and Arrow's schema are in the footer, and each of ours is JSON."""
    footer = opened(encode_data(made())).metadata.metadata
    assert {key.decode() for key in footer} == METADATA | {"ARROW:schema"}
    ours = {key: json.loads(footer[key.encode()]) for key in METADATA}
    assert ours["datalake.as_of"] == "2026-03-02T06:00:00Z"
    assert ours["datalake.synthetic"] is False
    assert ours["datalake.columns"]["close"] == {
        "unit": "USD",
        "meaning": "What close means",
        "source": "coingecko.market.close",
        "time": "the end of the day",
        "rule": "from the native asset",
        "last_closed": "2026-03-01",
        "through": "2026-03-01",
    }


def test_attributes_of_a_frame_stay_out_of_the_file(made, frame):
    """What hangs on a pandas frame (`attrs`, an index) or an Arrow schema is not written."""
    table = frame().to_arrow()
    table = table.replace_schema_metadata({"note": "canary-0123456789"})
    pandas = table.to_pandas()
    pandas.attrs["key"] = "canary-0123456789"
    for rows in (pl.from_arrow(table), pl.from_pandas(pandas, schema_overrides=frame().schema)):
        candidate = made(rows)
        for data in (encode_data(candidate), encode_assets(candidate)):
            assert b"canary" not in data
            assert b'"pandas"' not in data


def test_same_inputs_give_the_same_bytes(made, frame):
    """Neither the order of columns and assets nor the clock is in the bytes."""
    rows = frame(ids=("a", "b", "c"), days=50)
    one = made(rows)
    columns = list(rows.columns)
    random.Random(3).shuffle(columns)
    other = made(
        rows.select(columns),
        columns=one.columns,
        assets=one.assets[::-1],
        as_of=one.as_of.astimezone(timezone(timedelta(hours=5))),
    )
    assert encode_data(one) == encode_data(other)
    assert encode_assets(one) == encode_assets(other)


@pytest.mark.parametrize(
    ("rows", "groups"), [(1, 1), (12_500, 1), (18_000, 1), (25_000, 2), (500_000, 40)]
)
def test_row_groups_are_even_and_of_the_planned_size(made, rows, groups):
    """About 12,500 rows to a group, with no small rest at the end."""
    keys = pl.select(date=pl.lit(date(2026, 1, 1)), canonical_id=pl.lit("a"), n=pl.int_range(rows))
    values = [pl.col("n").cast(pl.Float64).alias(name) for name in STANDARD[2:]]
    footer = opened(encode_data(made(keys.with_columns(values).drop("n")))).metadata
    sizes = [footer.row_group(at).num_rows for at in range(footer.num_row_groups)]
    assert len(sizes) == groups
    assert max(sizes) - min(sizes) < groups


def test_one_asset_touches_few_row_groups(made, frame):
    """The footer's statistics lead a reader of one asset to one or two of forty groups."""
    ids = [f"asset-{at:03}" for at in range(200)]
    parquet = opened(encode_data(made(frame(ids=ids, days=2_500))))
    footer = parquet.metadata
    at = parquet.schema_arrow.get_field_index("canonical_id")
    ranges = [
        footer.row_group(group).column(at).statistics for group in range(footer.num_row_groups)
    ]
    touched = [one for one in ranges if one.min <= "asset-100" <= one.max]
    assert len(ranges) == 40
    assert len(touched) <= 2


def test_pyarrow_filters_give_one_asset(made, frame, output):
    """A filtered read brings the asset's rows, all of them and no others."""
    rows = frame(ids=[f"asset-{at:03}" for at in range(40)], days=1_000)
    publish(made(rows), output)
    table = pq.read_table(output, filters=[("canonical_id", "==", "asset-007")])
    assert pl.from_arrow(table)["close"].to_list() == (
        rows.filter(pl.col("canonical_id") == "asset-007")["close"].to_list()
    )


def test_duckdb_reads_types_and_values(made, frame, output):
    """DuckDB sees a time stamp with zone, a text and doubles, and null as null."""
    rows = frame().with_columns(chain_tvl=pl.lit(None, pl.Float64))
    publish(made(rows), output)
    with duckdb.connect() as connection:
        kinds = connection.execute(f"describe select * from '{output}'").fetchall()
        assert [kind[:2] for kind in kinds][:3] == [
            ("date", "TIMESTAMP WITH TIME ZONE"),
            ("canonical_id", "VARCHAR"),
            ("close", "DOUBLE"),
        ]
        query = f"select count(*), sum(close), count(chain_tvl), max(epoch(date)) from '{output}'"
        count, total, known, last = connection.execute(query).fetchone()
    assert (count, known) == (20, 0)
    assert math.isclose(total, rows["close"].sum())
    assert last == datetime(2026, 3, 1, tzinfo=timezone.utc).timestamp()


def test_assets_file(made, frame):
    """One row for each asset by rank, with its members and the last day known per column."""
    assets = [
        AssetNote("z", symbol="Z", rank=1, members=["z", "wrapped-z"]),
        AssetNote("unranked"),
        AssetNote("aave", rank=2, freshness={"close": date(2026, 2, 28), "volume": None}),
    ]
    parquet = opened(encode_assets(made(assets=assets)))
    table = parquet.read()
    assert table.schema.field("members").type == pa.list_(pa.string())
    assert table.schema.field("rank").type == pa.int64()
    assert table.schema.field("close_through").type == pa.date32()
    assert table.column_names[6:] == [f"{name}_through" for name in STANDARD[2:]]
    assert table["canonical_id"].to_pylist() == ["z", "aave", "unranked"]
    assert table["members"].to_pylist() == [["z", "wrapped-z"], [], []]
    assert table["close_through"].to_pylist() == [None, date(2026, 2, 28), None]
    assert {key.decode() for key in parquet.metadata.metadata} == METADATA | {"ARROW:schema"}


VALUES = st.none() | st.floats(min_value=1e-300, max_value=1e300)
SCORES = st.none() | st.floats(min_value=0, max_value=100)
ROW = st.tuples(
    st.dates(date(2009, 1, 3), date(2026, 3, 1)),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
    *([VALUES] * 6),
    *([SCORES] * 2),
)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(ROW, min_size=1, max_size=30, unique_by=lambda row: row[:2]))
def test_what_is_published_is_what_is_read(made, output, drawn):
    """Any rows that keep the contract come back equal, sorted, whatever their ids and values."""
    shutil.rmtree(output.parent)
    schema = {"date": pl.Date, "canonical_id": pl.String} | dict.fromkeys(STANDARD[2:], pl.Float64)
    rows = pl.DataFrame(drawn, schema=schema, orient="row")
    outcome = publish(made(rows), output)
    assert outcome.published, outcome.checks
    read = pl.read_parquet(output).with_columns(pl.col("date").dt.date())
    assert read.equals(rows.sort("canonical_id", "date"), null_equal=True)
    assert outcome.rows == rows.height
    assert outcome.assets == rows["canonical_id"].n_unique()
