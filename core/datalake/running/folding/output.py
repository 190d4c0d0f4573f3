"""The rows of a run, put aside as they are folded, and read from there as often as needed."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ...temporary import nameless, writing


def put_aside(parts: Iterable[pl.DataFrame]) -> pl.LazyFrame:
    """All rows of the parts, of which there is at least one, in their order; held by no memory.

    Raises StoreError where there is no room for them.
    """
    with nameless() as file:
        writer = None
        for part in parts:
            table: pa.Table = part.to_arrow(compat_level=pl.CompatLevel.oldest())
            with writing():
                # quick to write and to read: nobody else will ever see it
                writer = writer or pq.ParquetWriter(
                    file, table.schema, compression="lz4", use_dictionary=["canonical_id"]
                )
                writer.write_table(table)
        with writing():
            if writer:
                writer.close()
            file.flush()
        file.seek(0)
        return pl.scan_parquet(file)  # which holds on to the file by itself
