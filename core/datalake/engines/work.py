"""What there is to fold in a lake, whatever engine does it, and where the result goes."""

from __future__ import annotations

import importlib
import json
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as MappingType
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
from attrs import frozen

from datalake_aggregation import Mapping, ReducerError, fold

from ..errors import ConfigError
from ..lake.origin import KEY, found_origin
from ..names import SERIES
from ..running.folding.merging import long_rows
from ..running.planning.plan import Feed, feeds, folded_columns, output_columns
from ..stores import Entry, Store
from ..stores.local import LocalStore

#: Engine -> the package that it needs; the module here has the same name.
ENGINES = {"polars": "polars", "duckdb": "duckdb", "spark": "pyspark"}
#: The one object of a series.
FILE = "series.parquet"
#: From a dataset's name and its wanted columns to a frame of date, asset and them.
Scan = Callable[[str, Sequence[str]], Any]


@frozen
class Work:
    """`folders` has the keys of the datasets that the lake holds, by their full names; `series` the
    names of the folders in each, one for each asset, with what a listing of a bucket said of it."""

    store: Store
    folders: MappingType[str, str]
    series: MappingType[str, MappingType[str, Entry | None]]
    feeds: Sequence[Feed]
    columns: Sequence[str]
    mapping: Mapping

    def place(self, dataset: str) -> str:
        """Where an engine finds a dataset by itself. Raises ConfigError where none can."""
        url = self.store.url
        if isinstance(self.store, LocalStore):
            return f"{self.store.root}/{self.folders[dataset]}"
        if url.startswith("gs://"):
            return f"{url.rstrip('/')}/{self.folders[dataset]}"
        raise ConfigError(f"only --engine polars can fold {url}; others want a folder or gs://…")

    def read(self, dataset: str, folder: str) -> bytes | None:
        """A series through the store; None if it is gone since it was listed."""
        key = f"{self.folders[dataset]}/{folder}/{FILE}"
        found = self.store.get(key, known=self.series[dataset][folder])
        return found.data if found else None

    def wanted(self, dataset: str) -> list[str]:
        """The dataset's columns that are folded."""
        return list(dict.fromkeys(feed.column for feed in self.feeds if feed.dataset == dataset))

    def rows(self, scan: Scan) -> Any:
        """The engine's own frame of all that is to be folded: the datasets beside each other."""
        parts = [(name, nw.from_native(scan(name, self.wanted(name)))) for name in self.folders]
        needed = folded_columns(self.mapping, self.columns)
        return nw.to_native(long_rows(parts, self.feeds, needed))

    def check_days(self, scan: Scan) -> None:
        """Raise ConfigError where a series has a day twice: it would be counted twice."""
        for name in self.folders:
            _check_days(name, nw.from_native(scan(name, [])))

    def folded(self, rows: Any) -> Any:
        """The engine's own frame of the result, sorted by canonical asset and date."""
        result = nw.from_native(fold(rows, self.mapping, unique=True).frame)
        return result.select("date", "canonical_id", *self.columns).to_native()


def _check_days(name: str, rows: Any) -> None:
    keys = ["asset", "date"]
    counts = rows.select(keys).group_by(keys).agg(nw.len().alias("rows"))
    found = counts.filter(nw.col("rows") > 1).head(1).lazy().collect()
    for row in found.rows(named=True):
        raise ConfigError(
            f"{name} of {row['asset']} has more than one row for {row['date']:%Y-%m-%d}: "
            "`datalake cache verify --repair` removes damaged series"
        )


def plan_work(store: Store, mapping: Mapping, selection: str) -> Work:
    """All series of a lake that feed a column. Raises ConfigError where there are none."""
    columns = output_columns(mapping, selection)
    sources = feeds(mapping, folded_columns(mapping, columns))
    names = dict.fromkeys(feed.dataset for feed in sources)
    paths = {name: SERIES + "provider={}/dataset={}".format(*name.split(".", 1)) for name in names}
    series = {name: found for name, path in paths.items() if (found := _series(store, path))}
    if not series:
        raise ConfigError(f"{store.url} holds no series that a column of the mapping comes from")
    folders = {name: paths[name] for name in series}
    return Work(store, folders, series, sources, columns, mapping)


def _series(store: Store, path: str) -> dict[str, Entry | None]:
    """The folders of a dataset's series, by one listing."""
    if isinstance(store, LocalStore):
        found = (file.parent.name for file in (store.root / path).glob(f"*/{FILE}"))
        return dict.fromkeys(sorted(found))
    listed = ((entry.key.split("/"), entry) for entry in store.list(f"{path}/"))
    return {parts[-2]: entry for parts, entry in listed if parts[-1] == FILE}


def aggregate_lake(store: Store, work: Work, engine: str, output: Path) -> str:
    """Fold a whole lake into parquet files in a new folder; return the data's origin.

    The folder appears when it is complete. Raises ConfigError where it exists, the engine is not
    installed or cannot do its work, or a plugin's reducer fails.
    """
    if output.exists():
        raise ConfigError(f"--output {output} exists already; remove it or name another folder")
    try:
        importlib.import_module(ENGINES[engine])
    except ImportError:
        raise ConfigError(
            f"--engine {engine} needs {ENGINES[engine]}; pip install {ENGINES[engine]}"
        ) from None
    origin = found_origin(store) or "live"
    with _new_folder(output) as folder:
        module = importlib.import_module(f".{engine}", __package__)
        try:
            module.write(work, folder)
        except ReducerError as error:
            raise ConfigError(str(error)) from error
        except module.TROUBLE as error:
            raise ConfigError(
                f"--engine {engine} cannot fold {store.url}: {_said(error)}; `datalake cache "
                "verify` finds damaged series, and --engine polars needs no access of its own to "
                "a bucket"
            ) from error
        mark = json.dumps({"format": 1, "origin": origin}) + "\n"
        (folder / f"_{KEY}").write_text(mark, encoding="utf-8")
    return origin


def _said(error: Exception) -> str:
    """The first two lines of what an engine says; more of them are its own traceback."""
    return " ".join(str(error).split("\n")[:2]).rstrip(" .")


@contextmanager
def _new_folder(output: Path) -> Iterator[Path]:
    """A folder that bears the output's name once it is complete, and is gone if it never is."""
    fresh = output.with_name(f".{output.name}.{secrets.token_hex(4)}")
    fresh.mkdir(parents=True)
    try:
        yield fresh
        fresh.rename(output)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
