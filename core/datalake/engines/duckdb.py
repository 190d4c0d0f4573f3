"""DuckDB: one query, which goes to disk by itself where memory ends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from .work import FILE, Work

#: What DuckDB raises where it cannot read or write.
TROUBLE = (duckdb.Error,)


def write(work: Work, folder: Path) -> None:
    """Write one file, in order of canonical assets."""
    with duckdb.connect() as connection:

        def scan(dataset: str, columns: Sequence[str]) -> Any:
            names = ", ".join(f'"{name}"' for name in ("date", "asset", *columns))
            files = f"{work.place(dataset)}/*/{FILE}".replace("'", "''")
            return connection.sql(
                f"SELECT {names} FROM read_parquet('{files}', hive_partitioning = true, "  # noqa: S608  # our own names
                "hive_types = {'asset': VARCHAR})"
            )

        work.check_days(scan)
        target = str(folder / "part-00000.parquet")
        result = work.folded(work.rows(scan))
        result.write_parquet(target, compression="zstd", row_group_size=122_880)
