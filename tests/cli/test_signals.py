"""Runs that are stopped at any moment: nothing is half done, and the next goes on from there."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import DATALAKE, environment

RUN = [
    *[*DATALAKE, "run", "--sandbox", "--assets", "dogecoin,uniswap,ripple"],
    *["--since", "2026-03-01", "--as-of", "2026-03-15T10:30Z"],
    *["--cache", "lake", "--output", "x.parquet"],
]
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -signal.SIGKILL}
PROMPT = 20.0  # seconds; far more than it takes, far less than the run would


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    """A run in its folder."""
    return subprocess.Popen(
        [*RUN, *more],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code, and what it said on stderr."""
    _, err = process.communicate(timeout=120)
    return process.returncode, err


def kept(folder: Path) -> int:
    """How many series the cache holds whole."""
    return len(list((folder / "lake/series").rglob("series.parquet")))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What a run publishes that nobody stops."""
    folder = tmp_path_factory.mktemp("undisturbed")
    code, err = finish(start(folder))
    assert code == 0, err
    return (folder / "x.parquet").read_bytes()


def goes_on(folder: Path, undisturbed: bytes) -> None:
    """The next run asks for nothing that is in the cache, and publishes what it should."""
    before = kept(folder)
    code, err = finish(start(folder))
    assert code == 0, err
    report = json.loads((folder / "x.report.json").read_text())
    assert sum(one["cache_hits"] for one in report["providers"].values()) == before
    assert (folder / "x.parquet").read_bytes() == undisturbed


def stopped(
    folder: Path, number: signal.Signals, when: Callable[[subprocess.Popen[str]], bool], *more: str
) -> tuple[int, str]:
    """A run that gets a signal as soon as `when` is true."""
    process = start(folder, *more)
    while not when(process) and process.poll() is None:
        time.sleep(0.001)  # to look again, not to be in step with anything
    sent = time.monotonic()
    process.send_signal(number)
    code, err = finish(process)
    assert time.monotonic() - sent < PROMPT
    return code, err


@pytest.mark.parametrize("number", CODES)
def test_a_run_that_is_stopped_while_it_fetches(
    tmp_path: Path, undisturbed: bytes, number: signal.Signals
) -> None:
    """Some answers never come, so that it cannot but be stopped; what came before is kept."""
    slow = ("--sandbox-fault", "coins/uniswap/=slow:3600")
    code, err = stopped(tmp_path, number, lambda _: kept(tmp_path) >= 3, *slow)
    assert code == CODES[number], err
    assert "Traceback" not in err
    if number != signal.SIGKILL:
        assert "what was fetched is kept; the next run goes on from there" in err
    assert not (tmp_path / "x.parquet").exists()
    assert kept(tmp_path) >= 3
    goes_on(tmp_path, undisturbed)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_while_it_waits_to_try_again(
    tmp_path: Path, number: signal.Signals
) -> None:
    """A vendor that asks for minutes of patience does not get them from Ctrl-C."""
    busy = ("--sandbox-fault", "coins/uniswap/=429:250")
    locks = tmp_path / ".x.parquet.lock"
    code, err = stopped(tmp_path, number, lambda _: kept(tmp_path) >= 3, *busy)
    assert code == CODES[number], err
    assert not locks.exists(), "nothing was published"


def at_some_moment(folder: Path, undisturbed: bytes, rng: random.Random) -> None:
    """One run, stopped anywhere between its start and its end, over an older file or none."""
    before = None
    if rng.random() < 0.5:
        code, err = finish(start(folder, "--assets", "dogecoin"))
        assert code == 0, err
        before = (folder / "x.parquet").read_bytes()
    number = rng.choice(list(CODES))
    moment = time.monotonic() + rng.uniform(0.05, 6.0)
    code, err = stopped(folder, number, lambda _: time.monotonic() >= moment)
    assert "Traceback (most recent call last)" not in err or "import" in err
    # before Python listens and after all is done, the system's own answer is the right one
    assert code in (0, CODES[number], -number), err
    now = (folder / "x.parquet").read_bytes() if (folder / "x.parquet").exists() else None
    assert now in (before, undisturbed)
    goes_on(folder, undisturbed)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_that_is_stopped_at_some_moment(
    tmp_path: Path, undisturbed: bytes, seed: int
) -> None:
    """The short version of the soak below."""
    at_some_moment(tmp_path, undisturbed, random.Random(seed))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_runs_that_are_stopped_at_many_moments(
    tmp_path_factory: pytest.TempPathFactory, undisturbed: bytes
) -> None:
    """Sixty runs, each with another seed."""
    for seed in range(100, 160):
        at_some_moment(tmp_path_factory.mktemp(f"seed-{seed}"), undisturbed, random.Random(seed))


def test_two_runs_at_once(tmp_path: Path, undisturbed: bytes) -> None:
    """On one cache and two outputs: both succeed, with the same bytes."""
    runs = [start(tmp_path), start(tmp_path, "--output", "y.parquet")]
    for process in runs:
        code, err = finish(process)
        assert code == 0, err
    for name in ("x.parquet", "y.parquet"):
        assert (tmp_path / name).read_bytes() == undisturbed
    leftovers = [path.name for path in tmp_path.rglob("*") if "tmp" in path.name]
    assert leftovers == []
    goes_on(tmp_path, undisturbed)
