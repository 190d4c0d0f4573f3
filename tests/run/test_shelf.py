"""What a run is at work on lies on disk: it comes back as it was, and leaves nothing behind."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from datalake.errors import StoreError
from datalake.running.fetching.shelf import Shelf, shelf
from datalake.running.folding.output import put_aside


def table(number: int) -> pa.Table:
    """A slice of a larger table, as the cache hands them out."""
    return pa.table({"n": [*range(50), None], "s": [str(number)] * 51}).slice(number % 7)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_each_table_comes_back(folder: Path) -> None:
    """Whoever puts them there, in whatever order, and as often as it is asked for."""
    with shelf() as one, ThreadPoolExecutor(8) as pool:
        put = list(pool.map(lambda number: one.put(table(number)), range(200)))
        for _ in range(2):
            assert all(found.read().equals(table(n)) for n, found in enumerate(put))
        assert not list(folder.iterdir())


def test_rows_are_read_as_often_as_needed(folder: Path) -> None:
    """The file has no name, and lives for as long as somebody may read it."""
    frames = [
        pl.DataFrame({"date": [n], "canonical_id": [f"a{n}"], "close": [n / 7]}) for n in range(9)
    ]
    rows = put_aside(frame for frame in frames)
    assert not list(folder.iterdir())
    for _ in range(2):
        assert rows.collect().equals(pl.concat(frames))
        assert rows.filter(pl.col("canonical_id") == "a3").collect()["date"].to_list() == [3]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_disk_is_told_with_what_to_do() -> None:
    """In words, as any other store's trouble."""
    with (
        Path("/dev/full").open("wb", buffering=0) as full,
        pytest.raises(StoreError, match=r"No space left.*TMPDIR"),
    ):
        Shelf(full).put(table(1))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_nor_does_its_end_say_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is still buffered cannot be written, either; that is no trouble of its own."""
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: open("/dev/full", "wb"))  # noqa: SIM115, PTH123
    with pytest.raises(StoreError, match=r"No space left.*TMPDIR"), shelf() as one:
        one.put(table(1))
    with pytest.raises(StoreError, match=r"No space left.*TMPDIR"):
        put_aside([pl.DataFrame({"canonical_id": ["a"]})])


def test_a_folder_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody searches the cache for it."""
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    with pytest.raises(StoreError, match="TMPDIR"), shelf():
        pass
