"""Many pipelines on one bucket, killed at any instant: nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from datalake.cache import AssetCache, SeriesKey
from datalake.models import Column, Dataset, Stamp
from datalake.stores import open_store

from .test_racing import days_in

HERE = Path(__file__).parent
FAIR, NAIVE = "datalake.stores.opening:open_from_environment", "broken:NaiveBucket"
KEY = SeriesKey("acme", "market", "bitcoin")
DATASET = Dataset(
    name="market",
    columns={"rank": Column("", "", type="int64")},
    fetch=lambda native_id, window, client: {},
    stamp=Stamp.START,
)


@contextmanager
def worker(gcs_env, opener, seed, rounds, url="gs://lake"):
    """One process that has begun; killed at the end if it is still there."""
    path = os.pathsep.join([str(HERE.parent / "stores"), *filter(None, [os.getenv("PYTHONPATH")])])
    with subprocess.Popen(
        [sys.executable, str(HERE / "worker.py"), opener, url, str(seed), "4", str(rounds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **gcs_env, "PYTHONPATH": path},
    ) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def go(process):
    process.stdin.write("go\n")
    process.stdin.flush()


def cached(gcs_env, url="gs://lake"):
    """All days of the series, each with its right value."""
    cache = AssetCache(open_store(url, {}, gcs_env), clock=lambda: datetime.now(timezone.utc))
    table = cache.read(KEY, DATASET)
    days = table["date"].to_pylist()
    assert table["rank"].to_pylist() == [(day - date(1970, 1, 1)).days for day in days]
    return set(days)


def lost(gcs_env, opener, url, *, workers=4, rounds=12):
    with ExitStack() as stack:
        processes = [
            stack.enter_context(worker(gcs_env, opener, number, rounds, url))
            for number in range(workers)
        ]
        for process in processes:
            go(process)
        acknowledged = set()
        for process in processes:
            acknowledged |= days_in(process.communicate()[0])
            assert process.returncode == 0
    return len(acknowledged - cached(gcs_env, url))


def test_processes_lose_no_row(gcs_env):
    """Four pipelines fetch different days of one series at once: all are there in the end."""
    assert lost(gcs_env, FAIR, "gs://lake") == 0


def test_without_preconditions_rows_are_lost(gcs_env):
    """Positive control: the same race, written whatever lies there by then."""
    for attempt in range(5):
        if lost(gcs_env, NAIVE, f"gs://lake/{attempt}"):
            return
    pytest.fail("five races over a naive store lost nothing: the race proves nothing")


def test_a_troubled_network_loses_no_row(gcs, gcs_env):
    """Answers lost after the write, refusals before it, downloads that are cut: all the same."""
    gcs.fault("reset", operation="insert", when="after", times=0, prob=0.1, seed=1)
    gcs.fault("status:503", operation="insert", times=0, prob=0.1, seed=2)
    gcs.fault("truncate:100", operation="media", times=0, prob=0.1, seed=3)
    gcs.fault("corrupt", operation="media", times=0, prob=0.05, seed=4)
    assert lost(gcs_env, FAIR, "gs://lake", workers=3, rounds=6) == 0
    assert sum(fault.struck for fault in gcs.faults) > 5


@pytest.mark.parametrize("kills", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_killed_at_any_instant(gcs_env, kills):
    """One works on, another is killed again and again: what was acknowledged is there."""
    chance = random.Random(20261123)
    acknowledged = set()
    with worker(gcs_env, FAIR, 0, 100_000) as steady:
        go(steady)
        for kill in range(kills):
            with worker(gcs_env, FAIR, kill + 1, 100_000) as victim:
                go(victim)
                for _ in range(chance.randint(1, 12)):
                    acknowledged |= days_in(victim.stdout.readline())
                    acknowledged |= days_in(steady.stdout.readline())
                victim.kill()
                acknowledged |= days_in(victim.stdout.read())
        steady.kill()
        acknowledged |= days_in(steady.stdout.read())
    assert acknowledged <= cached(gcs_env)
    assert len(acknowledged) > 3 * kills


@pytest.mark.parametrize("rounds", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_killed_before_and_after_each_request(gcs, gcs_env, rounds):
    """Wherever a commit is cut, the series is the old one or the new one, and whoever comes next
    has the new one."""
    with worker(gcs_env, FAIR, 0, 3) as process:
        go(process)
        before = days_in(process.communicate()[0])
    pristine = gcs.objects("lake")
    gcs.requests.clear()
    with worker(gcs_env, FAIR, 1, rounds) as process:
        go(process)
        expected = before | days_in(process.communicate()[0])
    requests = len(gcs.requests)
    assert requests >= 5
    for point in range(requests):
        for when in ("before", "after"):
            with gcs.storage.lock:
                gcs.storage.buckets["lake"] = dict(pristine)
            gcs.clear()
            with worker(gcs_env, FAIR, 1, rounds) as process:

                def kill(_, pid=process.pid):
                    os.kill(pid, signal.SIGKILL)

                gcs.fault(kill, when=when, skip=point)
                if when == "before":
                    gcs.fault("reset", skip=point)
                go(process)
                acknowledged = days_in(process.communicate()[0])
                assert process.returncode == -signal.SIGKILL
            gcs.clear()
            assert before | acknowledged <= cached(gcs_env), (point, when)
            with worker(gcs_env, FAIR, 1, rounds) as process:
                go(process)
                process.communicate()
            assert cached(gcs_env) >= expected, (point, when)
