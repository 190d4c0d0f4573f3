"""Polars: some canonical assets at a time, so that memory grows far less than the lake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ..run.folding import batches
from .work import FILE, Work

#: Canonical assets that are folded at once.
BATCH = 150
#: Rows of a row group, at most.
GROUP_ROWS = 122_880


def write(work: Work, folder: Path) -> None:
    """Write one file, whose row groups are in order of canonical assets."""
    values = [pa.field(column, pa.float64()) for column in work.columns]
    schema = pa.schema([("date", pa.date32()), ("canonical_id", pa.large_string()), *values])
    with (
        pq.ParquetWriter(
            folder / "part-00000.parquet",
            schema,
            compression="zstd",
            compression_level=1,
            store_schema=False,  # plain texts to every reader, however Polars holds them
            use_dictionary=["canonical_id"],
            column_encoding={
                "date": "DELTA_BINARY_PACKED",
                **dict.fromkeys(work.columns, "BYTE_STREAM_SPLIT"),
            },
        ) as file,
        ThreadPoolExecutor(1) as writer,
    ):
        written: Future[None] | None = None
        for rows in _folded(work):
            table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
            if written:
                written.result()
            written = writer.submit(file.write_table, table, GROUP_ROWS)
        if written:
            written.result()


def _folded(work: Work) -> Iterator[pl.DataFrame]:
    """The result, batch by batch."""
    series = [(name, place) for name, places in work.series.items() for place in places]
    for batch in batches(series, lambda one: unquote(one[1][len("asset=") :]), work.mapping, BATCH):
        files: dict[str, list[str]] = {}
        assets = pl.Enum(sorted({unquote(place[len("asset=") :]) for _, place in batch}))
        for name, place in batch:
            folder = work.folders[name]
            files.setdefault(folder, []).append(f"{folder}/{place}/{FILE}")
        yield work.folded(partial(_scan, files, assets))


def _scan(
    files: Mapping[str, list[str]], assets: pl.Enum, folder: str, columns: Sequence[str]
) -> pl.DataFrame:
    if folder not in files:
        kinds: dict[str, Any] = {
            "date": pl.Date,
            "asset": assets,
            **dict.fromkeys(columns, pl.Float64),
        }
        return pl.DataFrame(schema=kinds)
    keys = {"provider": pl.String, "dataset": pl.String, "asset": pl.String}
    rows = pl.scan_parquet(files[folder], hive_partitioning=True, hive_schema=keys, glob=False)
    return rows.select("date", pl.col("asset").cast(assets), *columns).collect()
