"""`datalake dashboard` as a person types it."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
import urllib.request
from importlib.resources import files
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ..cli.conftest import Line, session
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
def test_the_example_of_an_export(published, tmp_path):
    """As the help has it."""
    from datalake.cli.dashboard import command

    example = "dashboard --sandbox --export site"
    assert f"datalake {example}" in (command.help or "")
    (tmp_path / ".datalake/sandbox").mkdir(parents=True)
    copy = tmp_path / ".datalake/sandbox/user_facing_data.parquet"
    copy.write_bytes(published.output.read_bytes())
    assert dashboard(tmp_path, *example.split()[1:]).returncode == 0
    told = json.loads((tmp_path / "site/data/overview.json").read_text(encoding="utf-8"))
    assert told["files"]["details"] is None
    assert any("nothing says which run made" in one for one in told["trouble"])


@needs_page
def test_a_kill_amid_an_export(published, tmp_path):
    """What was there before stands, whole; the next export clears up."""
    site, older = tmp_path / "site", write(tmp_path / "x.parquet", rows_of(a={"close": [1.0]}))
    assert dashboard(tmp_path, "--input", str(older), "--export", "site").returncode == 0
    before = (site / "data/overview.json").read_bytes()
    exporting = subprocess.Popen(
        [*DATALAKE, "--input", str(published.output), "--export", "site"],
        cwd=tmp_path,
        env=environment(tmp_path),
    )
    while not list(site.glob("data/.new-*/assets/*")):
        assert exporting.poll() is None, "it ended before it could be killed"
        time.sleep(0.001)
    exporting.kill()
    exporting.wait()
    assert (site / "data/overview.json").read_bytes() == before
    data = site / json.loads(before)["files"]["data"]["path"]
    assert data.read_bytes() == older.read_bytes()
    assert dashboard(tmp_path, "--input", str(older), "--export", "site").returncode == 0
    assert [one.name for one in (site / "data").iterdir() if one.is_dir()] == [data.parent.name]


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
        plain = {"compression": "none", "use_dictionary": False, "write_statistics": False}
        pq.write_table(pq.read_table(path), path, write_page_checksum=True, **plain)
        data = bytearray(path.read_bytes())
        data[data.index(struct.pack("<d", 2.0))] ^= 1  # a price that nobody would wonder at
        path.write_bytes(data)
    elif what == "a folder":
        return str(folder)
    elif what == "other columns":
        rows_of(bitcoin={"close": [1.0]}).rename({"date": "day"}).write_parquet(path)
    else:
        path.write_text(what, encoding="utf-8")
    return str(path)


BAD = ["missing", "cut", "empty", "a flipped bit", "a folder", "other columns", "a text", "{}"]


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """What is said of each, one after another in one process; `site` is where nothing may be."""
    folder = tmp_path_factory.mktemp("bad")
    paths = {}
    for number, what in enumerate(BAD):
        (folder / f"in-{number}").mkdir()
        paths[what] = bad_input(folder / f"in-{number}", what)
    lines = {
        f"at-{number}": Line(["dashboard", "--input", paths[what], "--export", "site"])
        for number, what in enumerate(BAD)
    }
    done = session(folder, lines)
    return {
        what: (paths[what], done[at], folder / at / "site")
        for what, at in zip(BAD, lines, strict=True)
    }


@needs_page
@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_shown(refused, what):
    """One sentence that names the file, exit code 2, and nothing written."""
    path, done, site = refused[what]
    assert (done.code, done.out) == (2, "")
    assert path in done.err
    assert done.err.count("\n") == 1
    assert not site.exists()


def test_without_the_page(tmp_path, monkeypatch):
    """An installation without npm says what is missing."""
    import datalake.cli.dashboard as module
    from datalake.errors import ConfigError

    monkeypatch.setattr(module, "files", lambda _: tmp_path)
    with pytest.raises(ConfigError, match=r"install Node\.js with npm"):
        module.built_page()
