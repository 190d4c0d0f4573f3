"""Publishers that are killed, and readers that look all the time."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from datalake.publish import publish
from datalake.publish.target import assets_path

PUBLISHER = Path(__file__).with_name("publisher.py")


@pytest.fixture(scope="module")
def whole():
    """What may be seen at an output: two data files, two assets files."""
    sys.path.insert(0, str(PUBLISHER.parent))
    try:
        spec = importlib.util.spec_from_file_location("publisher", PUBLISHER)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.encoded()
    finally:
        sys.path.remove(str(PUBLISHER.parent))
        sys.modules.pop("conftest", None)


@contextlib.contextmanager
def publisher(mode, output):
    """A running publisher that has published at least once."""
    command = [sys.executable, str(PUBLISHER), mode, str(output)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline()
            yield process
        finally:
            process.kill()


class Reader(threading.Thread):
    """Reads both files without a pause and keeps what was not whole."""

    def __init__(self, output, whole):
        super().__init__()
        self.places = list(zip((output, assets_path(output)), whole, strict=True))
        self.reads, self.wrong, self.stop = 0, [], threading.Event()

    def run(self):
        while not self.stop.is_set() and not self.wrong:
            for path, expected in self.places:
                try:
                    data = path.read_bytes()
                except FileNotFoundError:
                    data = None
                if data not in expected:
                    self.wrong.append(f"{path.name}: {data and len(data)}")
            self.reads += 1


def test_readers_never_see_none_or_half(output, whole):
    """During many publications, every look finds an old or a new file, whole."""
    with publisher("publish", output) as process:
        reader = Reader(output, whole)
        reader.start()
        for _ in range(40):
            assert process.stdout.readline()
        reader.stop.set()
        reader.join()
    assert not reader.wrong
    assert reader.reads > 10


def test_the_reader_would_notice(output, whole):
    """The control: against a publisher that writes in place, the same reader finds damage."""
    with publisher("naive", output) as process:
        reader = Reader(output, whole)
        reader.start()
        while reader.is_alive() and process.stdout.readline():
            pass
    assert reader.wrong


def check_after_kill(output, whole, made):
    pointer = output.with_name("user_facing_data.published") / "current.json"
    told = json.loads(pointer.read_bytes())
    for kind, expected in zip(("user_facing_data", "user_facing_assets"), whole, strict=True):
        data = (pointer.parent / told["files"][kind]["path"]).read_bytes()
        assert data in expected
        assert hashlib.sha256(data).hexdigest() == told["files"][kind]["sha256"]
    for path, expected in zip((output, assets_path(output)), whole, strict=True):
        assert path.read_bytes() in expected
    assert not output.with_name("user_facing_data.candidate.parquet").exists()


def check_next_run(output, made, frame):
    """The next run needs no hand and tidies up."""
    rows = frame(ids=[f"asset-{at:02}" for at in range(12)], days=100)
    assert publish(made(rows), output).published
    names = {path.name for path in output.parent.iterdir()}
    beside = (assets_path(output).name, "user_facing_data.published", f".{output.name}.lock")
    assert names == {output.name, *beside}


@pytest.mark.parametrize("stride", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_before_every_single_step(tmp_path, whole, made, frame, stride):
    """A kill before each file operation of a publication (or each fourth) leaves old or new."""
    command = [sys.executable, "-W", "ignore", str(PUBLISHER), "steps", str(tmp_path), str(stride)]
    subprocess.run(command, check=True)
    folders = sorted(tmp_path.iterdir())
    states = [(folder / "user_facing_data.parquet").read_bytes() for folder in folders]
    assert len(folders) > 10
    assert set(states) == whole[0], "some were killed early enough for the old, some late"
    assert states[0] != states[-1]
    for folder in folders:
        check_after_kill(folder / "user_facing_data.parquet", whole, made)
        check_next_run(folder / "user_facing_data.parquet", made, frame)


def kill_at_random(times, output, whole, made, frame):
    instants = random.Random(20260301)
    for _ in range(times):
        with publisher("publish", output) as process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(instants.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
        check_after_kill(output, whole, made)
    check_next_run(output, made, frame)


def test_killed_at_random(output, whole, made, frame):
    """SIGKILL at some random instants: the published files are old or new, whole."""
    kill_at_random(4, output, whole, made, frame)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("sample", [2, pytest.param(None, marks=pytest.mark.slow)])
def test_killed_at_a_request_to_a_bucket(gcs, gcs_env, whole, sample):
    """SIGKILL before or after single requests: by pointer and copies old or new, whole, and the
    next run goes on."""
    url = "gs://lake/user_facing_data.parquet"
    command = [sys.executable, str(PUBLISHER), "bucket", url]

    def run(hit=None):
        process = subprocess.Popen(
            command, env={**os.environ, **gcs_env}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        with process:
            assert process.stdout.readline(), "the first is published"
            before = len(gcs.requests)
            if hit:
                at, when = hit
                strike = lambda _: os.kill(process.pid, signal.SIGKILL)  # noqa: E731
                gcs.fault(strike, when=when, skip=at)
                if when == "before":
                    gcs.fault("reset", skip=at)
            process.stdin.close()
            process.wait()
        return len(gcs.requests) - before

    points = [(at, when) for at in range(run()) for when in ("before", "after")]
    assert len(points) > 40
    for point in random.Random(20260301).sample(points, sample or len(points)):
        gcs.clear()
        with gcs.storage.lock:
            gcs.storage.buckets["lake"].clear()
        run(point)
        gcs.clear()
        told = json.loads(gcs.peek("lake", "user_facing_data.published/current.json"))
        for kind, expected in zip(("user_facing_data", "user_facing_assets"), whole, strict=True):
            path = f"user_facing_data.published/{told['files'][kind]['path']}"
            assert gcs.peek("lake", path) in expected
            assert gcs.peek("lake", f"{kind}.parquet") in expected
        assert run() > 0
        assert gcs.peek("lake", "user_facing_data.parquet") in whole[0]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_hundreds_of_random_instants(output, whole, made, frame):
    """The same for longer."""
    kill_at_random(200, output, whole, made, frame)
