"""Polars: some canonical assets at a time, so that memory grows far less than the lake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl

from ..running.folding.batches import batches
from ..stores.local import LocalStore
from .work import FILE, Work

#: Canonical assets that are folded at once.
BATCH = 100
#: Rows of a row group, at most.
GROUP_ROWS = 122_880
#: Series that are fetched from a bucket at once.
AT_ONCE = 16
#: A day of an asset as one number: twice in what is merged if it is twice in a dataset.
_DAY = pl.col("asset").to_physical().cast(pl.Int64) * 10**7 + pl.col("date").to_physical()
#: What Polars raises where it cannot read.
TROUBLE = (pl.exceptions.PolarsError,)


def write(work: Work, folder: Path) -> None:
    """Write a file for each batch, in order of canonical assets, while the next one is folded."""
    with ThreadPoolExecutor(1) as writer:
        written: Future[None] | None = None
        for number, rows in enumerate(_folded(work)):
            if written:
                written.result()
            file = folder / f"part-{number:05}.parquet"
            written = writer.submit(
                rows.write_parquet,
                file,
                compression="zstd",
                compression_level=1,
                row_group_size=GROUP_ROWS,
            )
        if written:
            written.result()


def _folded(work: Work) -> Iterator[pl.DataFrame]:
    """The result, batch by batch."""
    series = [(name, place) for name, places in work.series.items() for place in places]
    for batch in batches(series, lambda one: _asset(one[1]), work.mapping, BATCH):
        found: dict[str, list[str]] = {}
        for name, place in batch:
            found.setdefault(name, []).append(place)
        # as numbers in order of the texts: they are merged faster
        ids = {_asset(place) for _, place in batch}
        assets = pl.Enum(sorted(ids.union(map(work.mapping.canonical_of, ids))))
        scan = _from_files if isinstance(work.store, LocalStore) else _from_store
        # read and brought beside each other in one go: no dataset is held by itself
        places = partial(scan, work, found, assets)
        rows = work.rows(places).collect(engine="streaming")
        if rows.select(_DAY.is_duplicated().any()).item():
            work.check_days(places)
        yield work.folded(rows)


def _asset(place: str) -> str:
    return unquote(place[len("asset=") :])


def _from_files(
    work: Work,
    found: Mapping[str, list[str]],
    assets: pl.Enum,
    dataset: str,
    columns: Sequence[str],
) -> pl.LazyFrame:
    """All series of a dataset at once, by Polars itself."""
    if dataset not in found:
        return _none(assets, columns)
    files = [f"{work.place(dataset)}/{place}/{FILE}" for place in found[dataset]]
    keys = {"provider": pl.String, "dataset": pl.String, "asset": pl.String}
    rows = pl.scan_parquet(files, hive_partitioning=True, hive_schema=keys, glob=False)
    return rows.select("date", pl.col("asset").cast(assets), *columns)


def _from_store(
    work: Work,
    found: Mapping[str, list[str]],
    assets: pl.Enum,
    dataset: str,
    columns: Sequence[str],
) -> pl.LazyFrame:
    """Series by series through the store, which has the keys of a bucket, and its mirror."""

    def read(place: str) -> pl.DataFrame | None:
        data = work.read(dataset, place)
        if data is None:
            return None
        rows = pl.read_parquet(BytesIO(data), columns=["date", *columns])
        asset = pl.lit(_asset(place)).cast(assets).alias("asset")
        return rows.select("date", asset, *columns)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = [rows for rows in pool.map(read, found.get(dataset, ())) if rows is not None]
    return pl.concat(parts).lazy() if parts else _none(assets, columns)


def _none(assets: pl.Enum, columns: Sequence[str]) -> pl.LazyFrame:
    kinds: dict[str, Any] = {"date": pl.Date, "asset": assets}
    return pl.LazyFrame(schema={**kinds, **dict.fromkeys(columns, pl.Float64)})
