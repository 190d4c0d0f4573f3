"""Two runs on one output: the second spends nothing, and a dead first one holds nobody back."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from .conftest import DATALAKE, environment

RUN = [
    *[*DATALAKE, "run", "--sandbox", "--assets", "dogecoin", "--since", "2026-03-01"],
    *["--as-of", "2026-03-15T10:30Z", "--cache", "lake"],
]


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    """A run in the folder; unless told otherwise, on the same output as the others."""
    return subprocess.Popen(
        [*RUN, *(more or ("--output", "x.parquet"))],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def at_work(tmp_path: Path):
    """A run that waits for a vendor, and holds the lease of its output."""
    first = start(tmp_path, "--output", "x.parquet", "--sandbox-fault", "coins/markets=slow:60")
    lease = tmp_path / "x.published/lease.json"
    while not lease.exists():
        assert first.poll() is None, first.communicate()
    yield first
    first.kill()
    first.communicate()


def test_the_second_names_the_first_and_spends_nothing(tmp_path, at_work):
    """Exit 5, one sentence, no file touched; another output is no rival."""
    holder = json.loads((tmp_path / "x.published/lease.json").read_text())
    second = start(tmp_path)
    out, err = second.communicate()
    assert second.returncode == 5, err
    assert out == ""
    assert err.count("\n") == 1
    assert holder["run_id"] in err
    assert f"process {at_work.pid}" in err
    assert not (tmp_path / "x.parquet").exists()
    assert not (tmp_path / "x.report.json").exists()
    elsewhere = start(tmp_path, "--output", "y.parquet")
    _, err = elsewhere.communicate()
    assert elsewhere.returncode == 0, err


def test_a_killed_one_needs_no_hand(tmp_path, at_work):
    """kill -9, and the next run begins at once."""
    at_work.kill()
    at_work.wait()
    assert (tmp_path / "x.published/lease.json").exists()
    after = start(tmp_path)
    _, err = after.communicate()
    assert after.returncode == 0, err
    assert not (tmp_path / "x.published/lease.json").exists()


def test_a_terminated_one_lets_go(tmp_path, at_work):
    """SIGTERM, which a scheduler sends, leaves no lease behind."""
    at_work.terminate()
    assert at_work.wait(20) == 143
    assert not (tmp_path / "x.published/lease.json").exists()


def test_offline_takes_no_lease(tmp_path, at_work):
    """It asks nobody for anything, so it need not wait."""
    before = start(tmp_path, "--output", "y.parquet")
    before.communicate()
    assert before.returncode == 0
    offline = start(tmp_path, "--output", "x.parquet", "--offline")
    _, err = offline.communicate()
    assert offline.returncode == 0, err
