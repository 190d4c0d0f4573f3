"""Readers that look without a pause while two publishers publish, on a disk and in a bucket."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from datalake.publish import open_place, publish
from datalake.publish.layout import ASSETS, DATA, encode_data
from datalake.publish.published import Published, look

NAMES = {DATA: "user_facing_data.parquet", ASSETS: "user_facing_assets.parquet"}
FOLDER = "user_facing_data.published"


class Reader(threading.Thread):
    """Reads as another program would: by `get`, a function from a name to bytes or None."""

    def __init__(self, get):
        super().__init__()
        self.get, self.stop, self.looks, self.seen = get, threading.Event(), 0, set()
        self.wrong: list[str] = []
        self.newest: dict[str, object] = {}

    def run(self):
        while not self.stop.is_set() and not self.wrong:
            for kind, name in NAMES.items():
                self.whole(f"fixed {kind}", kind, self.get(name))
            self.follow()
            self.looks += 1

    def follow(self):
        """The files that the pointer names belong together and are what it says."""
        told = json.loads(self.get(f"{FOLDER}/current.json"))
        instants = set()
        for kind, file in told["files"].items():
            data = self.get(f"{FOLDER}/{file['path']}")
            if data is None or hashlib.sha256(data).hexdigest() != file["sha256"]:
                self.wrong.append(f"{kind} of {told['version']}: {data and len(data)}")
                return
            instants.add(self.whole(f"pointed {kind}", kind, data))
        if len(instants) != 1:
            self.wrong.append(f"{told['version']} is of {instants}")
        self.seen.add(told["sequence"])

    def whole(self, name, kind, data):
        """One file is whole, and never older than the one before."""
        found = None if data is None else look(data, kind)
        if not isinstance(found, Published):
            self.wrong.append(f"{name}: {found}")
            return None
        if name in self.newest and found.as_of < self.newest[name]:
            self.wrong.append(f"{name}: {found.as_of} after {self.newest[name]}")
        self.newest[name] = found.as_of
        return found.as_of


def race(candidates, places, get):
    """Each of the places publishes its share of the candidates, while a reader looks."""
    first, *rest = candidates
    assert publish(first, places[0]).new
    reader, new = Reader(get), []

    def work(place, share):
        new.extend(publish(candidate, place).new for candidate in share)

    workers = [
        threading.Thread(target=work, args=(place, rest[at :: len(places)]))
        for at, place in enumerate(places)
    ]
    for thread in (reader, *workers):
        thread.start()
    for worker in workers:
        worker.join()
    reader.stop.set()
    reader.join()
    assert not reader.wrong
    assert reader.looks > 20
    assert len(new) == len(rest)
    # of two that race, the one that is as of an earlier instant may come too late and is refused
    assert sum(new) >= len(rest) / 2
    told = json.loads(get(f"{FOLDER}/current.json"))
    assert told["sequence"] == sum(new) + 1
    assert get(NAMES[DATA]) == encode_data(candidates[-1])
    return reader


@pytest.fixture
def candidates(made):
    """Many that differ in every file: each is as of another instant."""
    one = made()
    return lambda count: [made(as_of=one.as_of + timedelta(minutes=at)) for at in range(count)]


@pytest.mark.parametrize("count", [60, pytest.param(200, marks=pytest.mark.slow)])
def test_on_a_disk(candidates, output, count):
    """They take turns by a lock."""
    places = [open_place(output, {}, {}) for _ in range(2)]

    def get(name):
        try:
            return (Path(output).parent / name).read_bytes()
        except FileNotFoundError:
            return None

    race(candidates(count + 1), places, get)


@pytest.mark.parametrize("count", [30, pytest.param(200, marks=pytest.mark.slow)])
def test_in_a_bucket(candidates, gcs, gcs_env, count):
    """The same without any lock, read over HTTP."""
    url = "gs://lake/out/user_facing_data.parquet"
    places = [open_place(url, {}, gcs_env) for _ in range(2)]
    session = requests.Session()

    def get(name):
        key = requests.utils.quote(f"out/{name}", safe="")
        found = session.get(f"{gcs.url}/storage/v1/b/lake/o/{key}?alt=media", timeout=10)
        return found.content if found.status_code == 200 else None

    with session:
        race(candidates(count + 1), places, get)


def test_the_reader_would_notice(candidates, output):
    """The control: files that are written in place, and two versions that are mixed."""
    one, two = candidates(2)
    publish(one, output)
    old = {path: path.read_bytes() for path in output.parent.rglob("*.parquet")}
    publish(two, output)

    def read(name):
        return (output.parent / name).read_bytes()

    for change in (
        lambda name: read(name)[:-1] if name == NAMES[DATA] else read(name),
        lambda name: None if name == NAMES[ASSETS] else read(name),
        lambda name: next(iter(old.values())) if "versions/" in name else read(name),
    ):
        reader = Reader(change)
        reader.stop.wait(0)
        threading.Timer(5, reader.stop.set).start()
        reader.run()
        assert reader.wrong
