"""SIGTERM in every phase of a run: ended within the ten seconds that schedulers give."""

from __future__ import annotations

import fcntl
import json
import signal
import subprocess
import time

import pytest

from .conftest import DATALAKE, TINY, environment

LOCAL = ("--cache", "lake", "--output", "x.parquet")
BUCKET = ("--cache", "gs://lake/cache", "--output", "gs://lake/x.parquet")
#: Seconds between SIGTERM and SIGKILL on Cloud Run.
GRACE = 10.0


@pytest.fixture
def terminated(tmp_path, gcs, gcs_env):
    """Start a run, send SIGTERM as soon as `when` is true of what it logged; how it ended."""

    def call(when, *flags):
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                [*DATALAKE, *TINY, "--log-level", "debug", *flags],
                cwd=tmp_path,
                env=environment(tmp_path, **gcs_env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
            while not when((tmp_path / "log").read_text()):
                assert process.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.005)  # to look again, not to be in step with anything
            sent = time.monotonic()
            process.send_signal(signal.SIGTERM)
            code = process.wait(120)
        said = (tmp_path / "log").read_text()
        assert code == 143, said
        assert "terminated: what was fetched is kept" in said
        assert "Traceback" not in said
        assert time.monotonic() - sent < GRACE
        assert not (tmp_path / "x.parquet").exists()
        assert gcs.peek("lake", "x.parquet") is None
        return said

    return call


@pytest.mark.parametrize(
    ("fault", "sign"),
    [
        pytest.param("coins/markets=slow:3600", "/v3/coins/markets", id="vendors-list"),
        pytest.param("market_chart=503", '1.1" 503', id="back-off"),
    ],
)
def test_while_a_vendor_is_waited_for(terminated, fault, sign):
    """A list that does not end, a pause before the next try."""
    terminated(lambda said: sign in said, *LOCAL, "--sandbox-fault", fault)


def test_in_the_throttle(terminated, tmp_path):
    """One call a minute: the second waits."""
    (tmp_path / "datalake.toml").write_text("[rates]\ncoingecko = 1\n")
    said = terminated(lambda said: "/coins/markets" in said, *LOCAL, "--sandbox-rates", "real")
    assert "market_chart" not in said


def test_while_another_publisher_has_its_turn(terminated, tmp_path):
    """The lock of a local output is held by somebody who does not let go."""
    with (tmp_path / ".x.parquet.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        terminated(lambda said: "market_chart" in said and _is_cached(tmp_path), *LOCAL)


def _is_cached(folder):
    return len(list((folder / "lake/series").rglob("series.parquet"))) >= 3


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("list", "*"),
        ("insert", "x.published/lease.json"),
        ("insert", "cache/series/*"),
        ("insert", "x.published/versions/*"),
        ("insert", "x.published/current.json"),
    ],
)
def test_while_a_bucket_hangs(terminated, gcs, operation, name):
    """At the first look, at the lease, in the cache, at the version, at the pointer."""
    hangs = gcs.fault("stall:100", operation=operation, name=name, times=0)
    terminated(lambda _: hangs.struck, *BUCKET)


def test_where_the_lease_cannot_be_let_go(terminated, gcs):
    """The bucket falls silent as the run waits for a vendor; the lease then runs out by itself."""

    def fetching(said):
        if "market_chart" not in said:
            return False
        gcs.fault("stall:100", times=0)
        return True

    terminated(fetching, *BUCKET, "--sandbox-fault", "market_chart=slow:3600")
    assert json.loads(gcs.peek("lake", "x.published/lease.json"))["run_id"]
