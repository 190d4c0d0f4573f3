"""`datalake dashboard` as a person types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from importlib.resources import files
from pathlib import Path

import pytest

from .conftest import rows_of, write

BUILT = Path(str(files("datalake"))) / "dashboard/page/index.html"
needs_page = pytest.mark.skipif(not BUILT.is_file(), reason="the page is not built: npm is missing")
DATALAKE = [sys.executable, "-m", "datalake", "dashboard"]


def environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}


def dashboard(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*DATALAKE, *args],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


@needs_page
def test_an_export_from_the_command_line(published, tmp_path):
    """With the built page, and all that the lake knows."""
    done = dashboard(tmp_path, "--input", str(published.output), "--export", "site")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"site/index.html shows {published.output}\n"
    told = json.loads((tmp_path / "site/data/overview.json").read_text(encoding="utf-8"))
    assert told["files"]["details"]
    assert (tmp_path / "site/index.html").read_bytes() == BUILT.read_bytes()


@needs_page
def test_serving_until_ctrl_c(published, tmp_path):
    """It says where, serves the page, and ends without a word."""
    serving = subprocess.Popen(
        [*DATALAKE, "--input", str(published.output), "--no-open", "--port", "0"],
        cwd=tmp_path,
        env={**environment(tmp_path), "PYTHONUNBUFFERED": "1", "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert serving.stdout
        said = serving.stdout.readline()
        assert said.endswith("/; Ctrl-C ends it.\n")
        url = said.split(" is shown at ")[1].split(";")[0]
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert answer.read() == BUILT.read_bytes()
        taken = dashboard(tmp_path, "--no-open", "--port", url.rstrip("/").rpartition(":")[2])
        assert taken.returncode == 2
        assert "cannot be served (Address already in use)" in taken.stderr
        serving.send_signal(signal.SIGINT)
        assert serving.communicate(timeout=60) == ("", "")
        assert serving.returncode == 0
        assert not list(tmp_path.glob("datalake-dashboard-*"))
    finally:
        serving.kill()


def bad_input(folder: Path, what: str) -> str:
    path = write(folder / "x.parquet", rows_of(bitcoin={"close": [1.0, 2.0]}))
    data = bytearray(path.read_bytes())
    if what == "missing":
        path.unlink()
    elif what == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif what == "empty":
        path.write_bytes(b"")
    elif what == "a flipped bit":
        import pyarrow.parquet as pq

        pq.write_table(pq.read_table(path), path, write_page_checksum=True, compression="none")
        chunk = pq.read_metadata(path).row_group(0).column(2)
        data = bytearray(path.read_bytes())
        data[chunk.file_offset or chunk.data_page_offset + chunk.total_compressed_size - 1] ^= 1
        path.write_bytes(data)
    elif what == "a folder":
        return str(folder)
    elif what == "other columns":
        rows_of(bitcoin={"close": [1.0]}).rename({"date": "day"}).write_parquet(path)
    else:
        path.write_text(what, encoding="utf-8")
    return str(path)


@needs_page
@pytest.mark.parametrize(
    "what",
    ["missing", "cut", "empty", "a flipped bit", "a folder", "other columns", "a text", "{}"],
)
def test_what_cannot_be_shown(tmp_path, what):
    """One sentence that names the file, exit code 2, and nothing written."""
    path = bad_input(tmp_path, what)
    done = dashboard(tmp_path, "--input", path, "--export", "site")
    assert done.returncode == 2
    assert done.stdout == ""
    assert path in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "site").exists()


def test_without_the_page(tmp_path, monkeypatch):
    """An installation without npm says what is missing."""
    import datalake.cli.dashboard as module
    from datalake.errors import ConfigError

    monkeypatch.setattr(module, "files", lambda _: tmp_path)
    with pytest.raises(ConfigError, match=r"install Node\.js with npm"):
        module.built_page()
