"""Whole runs over a bucket, killed before and after single requests to it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from pathlib import Path

import pytest

from .conftest import DATALAKE, TINY, environment

RUN = [*DATALAKE, *TINY, "--cache", "gs://lake", "--output", "x.parquet", "--report", "r.json"]


@pytest.fixture
def start(gcs_env, tmp_path):
    """Start a run in a folder of its own; `mirror` is shared by all of them."""

    def call(name):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return folder, subprocess.Popen(
            RUN,
            cwd=folder,
            env=environment(folder, **gcs_env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    return call


def calls(folder):
    report = json.loads(Path(folder, "r.json").read_text())
    return sum(one["calls"] for one in report["providers"].values())


@pytest.mark.parametrize("sample", [3, pytest.param(None, marks=pytest.mark.slow)])
def test_the_next_run_goes_on_from_there(gcs, start, sample):
    """It succeeds without a hand, makes the same file, and repeats no call that was paid for."""
    folder, process = start("reference")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    reference, cost = Path(folder, "x.parquet").read_bytes(), calls(folder)
    requests = [one.operation for one in gcs.requests]
    writes = [place for place, operation in enumerate(requests) if operation == "insert"]
    assert len(writes) > 5
    points = [(place, when) for place in writes for when in ("before", "after")]
    for place, when in random.Random(20261123).sample(points, sample or len(points)):
        name = f"{place}-{when}"
        gcs.clear()
        with gcs.storage.lock:
            gcs.storage.buckets["lake"].clear()
        folder, process = start(name)

        def kill(_, pid=process.pid):
            os.kill(pid, signal.SIGKILL)

        gcs.fault(kill, when=when, skip=place)
        if when == "before":
            gcs.fault("reset", skip=place)
        process.communicate(timeout=60)
        published = Path(folder, "x.parquet")
        assert process.returncode == -signal.SIGKILL or published.exists()
        assert not published.exists() or published.read_bytes() == reference
        gcs.clear()
        series = sum("series/" in key for key in gcs.objects("lake"))
        folder, process = start(name)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert published.read_bytes() == reference
        assert calls(folder) <= cost - series
