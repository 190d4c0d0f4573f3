"""Places that cannot be read, written or filled: what was published stands, and the user is told.

Root may write anywhere; where the tests run as root, the runs give up that power.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from .conftest import TINY, Done

Call = Callable[..., Done]


@pytest.fixture
def powerless() -> list[str]:
    """The words before a command that keep it to what permissions allow."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("runs as root, and setpriv, which gives up its power, is not installed")
    words = [setpriv, "--inh-caps=-all", "--bounding-set=-all"]
    if subprocess.run([*words, "true"], capture_output=True).returncode:
        pytest.skip("runs as root and may not give up its power")
    return words


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A folder on a disk of so many kilobytes."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(kilobytes: int) -> Path:
        options = ["-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
        done = subprocess.run(["mount", *options], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"cannot mount a small disk: {done.stderr.strip()}")
        return folder

    yield mount
    if folder.is_mount():
        subprocess.run(["umount", str(folder)], check=True)


def _fill(disk: Path) -> None:
    with (disk / "fill").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)


def _lying(disk: Path) -> dict[str, bytes]:
    """Every file on the disk by its path, but for the locks, which hold nothing."""
    files = (path for path in disk.rglob("*") if path.is_file() and ".locks" not in path.parts)
    return {str(path.relative_to(disk)): path.read_bytes() for path in files}


def test_an_output_that_may_not_be_written(
    datalake: Call, tmp_path: Path, powerless: list[str]
) -> None:
    """Found before any call: exit 2."""
    (tmp_path / "locked").mkdir(mode=0o555)
    args = (*TINY, "--cache", "memory:", "--output", "locked/x.parquet")
    done = datalake(*args, under=powerless)
    assert done.code == 2
    assert "locked/x.parquet cannot be written (Permission denied)" in done.err
    assert "--output" in done.err


def test_a_cache_that_may_only_be_read_still_serves(
    datalake: Call, tmp_path: Path, powerless: list[str]
) -> None:
    """What it holds is used, what it lacks is fetched each time, and one warning says so."""
    assert datalake(*TINY, "--cache", "lake").code == 0
    folders = [
        tmp_path / "lake",
        *(path for path in (tmp_path / "lake").rglob("*") if path.is_dir()),
    ]
    for folder in folders:
        folder.chmod(0o555)
    try:
        longer = (*TINY, "--since", "2026-02-20", "--as-of", "2026-03-15T11:00Z")
        done = datalake(*longer, "--cache", "lake", "--output", "x.parquet", under=powerless)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert done.code == 0, done.err
    assert (tmp_path / "x.parquet").exists()
    assert done.err.count("was not cached") == 1
    assert "the universe of this run is not archived" in done.err
    assert "give this user access" in done.err


def test_a_cache_that_may_not_be_read(datalake: Call, tmp_path: Path, powerless: list[str]) -> None:
    """Exit 2: what lies in it cannot be known."""
    (tmp_path / "lake").mkdir(mode=0o000)
    done = datalake(*TINY, "--cache", "lake", under=powerless)
    assert done.code == 2
    assert "the cache cannot be used" in done.err
    assert "give this user access" in done.err


def test_a_disk_that_fills_up_under_the_output(
    datalake: Call, tmp_path: Path, small_disk: Callable[[int], Path]
) -> None:
    """Data, assets, report, pointer and versions of the last run stand, byte for byte, however
    many pages they take; no leftovers."""
    disk = small_disk(1024)
    args = (*TINY, "--cache", "lake", "--output", "disk/x.parquet")
    assert datalake(*args).code == 0
    _fill(disk)
    before = _lying(disk)
    done = datalake(*args, "--force-publish", "a test", "--since", "2026-02-01")
    assert done.code == 1
    assert "disk/x.parquet could not be written" in done.err
    assert "No space left on device" in done.err
    assert "what was published before stands" in done.err
    assert _lying(disk) == before


def test_a_disk_too_full_for_the_report(
    datalake: Call, tmp_path: Path, small_disk: Callable[[int], Path]
) -> None:
    """Half of a report never takes the place of the last one."""
    small_disk(4)
    (tmp_path / "disk/r.json").write_text("{}")
    done = datalake(*TINY, "--cache", "lake", "--report", "disk/r.json")
    assert done.code == 0
    assert "the run report cannot be written to disk/r.json: No space left" in done.err
    assert (tmp_path / "disk/r.json").read_text() == "{}"


def test_a_disk_that_fills_up_under_the_cache(
    datalake: Call, small_disk: Callable[[int], Path], tmp_path: Path
) -> None:
    """A run needs no cache to publish; the warning comes once, whatever the number of series."""
    small_disk(24)
    done = datalake(*TINY, "--cache", "disk/lake", "--output", "x.parquet")
    assert done.code == 0, done.err
    assert done.err.count("was not cached") == 1
    assert "No space left on device" in done.err
    assert (tmp_path / "x.parquet").exists()
