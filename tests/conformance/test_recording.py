"""Samples are recorded with no key in them, and the real API is asked each thing once."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager

import pytest

from datalake import Asset, ConfigError, Key, Rate, Window
from datalake.conformance import read_samples
from datalake.conformance.trying import Bench
from datalake.plugins import Plugin, Registry
from datalake.secrets import Secret
from datalake_sandbox.messages import Request, json_answer
from datalake_sandbox.server import Delivery, LoopbackServer

from . import sandboxed
from .conftest import NOW, acme, complaints, days

#: Nobody waits here.
QUICK = Rate(60_000)
KEY = "real+key/of=somebody"
BITCOIN = [Asset("bitcoin")]
PLACES = {
    "header": (Key("ACME_API_KEY", name="x-api-key"), "/v1"),
    "bearer": (Key("ACME_API_KEY", name="Authorization", prefix="Bearer "), "/v1"),
    "query": (Key("ACME_API_KEY", "query", "api_key"), "/v1"),
    "path": (Key("ACME_API_KEY", "path"), "/{key}/v1"),
}


@pytest.fixture(autouse=True)
def _own_pace(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@contextmanager
def vendor(answer):
    """A vendor on loopback: `answer(request)` gives status and value; who asked what is noted."""
    asked: list[Request] = []

    def serve(method, request):
        asked.append(request)
        status, value = answer(request)
        return Delivery(json_answer(value, status))

    server = LoopbackServer(0, serve)
    try:
        yield server.url, asked
    finally:
        server.close()


def talkative(request):
    """The answers of the vendor; everything that it was sent is told, too."""
    told = {"you_sent": [request.path, request.query, dict(request.headers)]}
    if request.path.endswith("/assets"):
        return 200, [{"id": "bitcoin", "symbol": "BTC", **told}]
    if "BTC/fees" in request.path:
        start, end = int(request.query["from"]), int(request.query["to"])
        rows = [{"time": at, "fees": at / 1e6} for at in range(start, end, 86_400)]
        return 200, {"data": rows, **told}
    return 404, {"error": "no such asset", **told}


def bench(provider, key=KEY):
    registry = Registry([Plugin("acme", "datalake-acme", "0.1.0", providers=[provider])])
    return Bench(registry, {"ACME_API_KEY": key} if key else {}, lambda: NOW)


@pytest.mark.parametrize("place", PLACES)
def test_no_key_is_recorded(tmp_path, place):
    """Wherever it travels, and though the vendor repeats all that it is sent."""
    key, path = PLACES[place]
    folder = tmp_path / "samples"
    with vendor(talkative) as (url, asked):
        provider = acme(key=key, base_url=f"{url}/x{path}", rate=QUICK)
        recorded = bench(provider).record(provider, folder, BITCOIN)
    assert recorded.calls == len(asked) == 2
    sent = repr([(one.path, one.query, one.headers) for one in asked])
    assert KEY in sent
    assert "Planted" not in sent
    texts = "".join(file.read_text() for file in folder.iterdir())
    assert "you_sent" in texts
    for form in Secret(KEY, "").forms():
        assert form not in texts
    assert "Planted" not in texts
    index = json.loads((folder / "index.json").read_text())
    assert list(index["answers"]) == ["assets", "assets/BTC/fees?from=1772668800&to=1773532800"]


def test_what_was_recorded_passes(tmp_path):
    """Offline, with another key's place or none; only what a day means is still to be proved."""
    folder = tmp_path / "samples"
    with vendor(talkative) as (url, _):
        provider = acme(base_url=f"{url}/x/v1", rate=QUICK)
        bench(provider).record(provider, folder, BITCOIN)
    found = bench(acme()).on_samples(acme(), folder, faults=True)
    assert list(complaints(found)) == ["stamp"]
    assert found.grade.name == "B"


def test_what_the_index_says_stays_when_recorded_anew(tmp_path, samples):
    """Its window, its assets and what somebody looked up."""
    folder = samples(window=["2026-03-01", "2026-03-08"])
    with vendor(talkative) as (url, _):
        provider = acme(base_url=f"{url}/x/v1", rate=QUICK)
        bench(provider).record(provider, folder, [])
    anew = read_samples(folder)
    assert anew.window == Window(NOW.date().replace(day=1), NOW.date().replace(day=8))
    assert [asset.id for asset in anew.assets] == ["bitcoin"]
    assert list(anew.known["fees"].values()) == [{"fees": 1021.25}]


@pytest.mark.parametrize(
    ("status", "told"), [(401, "ACME_API_KEY: check both"), (503, "tried 2 times")]
)
def test_nothing_is_recorded_where_the_api_refuses(tmp_path, status, told):
    """A refused key and an outage leave no file, and say so; the key is not shown."""
    with vendor(lambda request: (status, {"error": str(request.headers)})) as (url, _):
        provider = acme(base_url=f"{url}/x/v1", rate=QUICK)
        with pytest.raises(ConfigError, match=told) as caught:
            bench(provider).record(provider, tmp_path / "samples", BITCOIN)
    assert KEY not in str(caught.value)
    assert not (tmp_path / "samples").exists()


def test_a_provider_that_read_the_key_itself_is_not_recorded(tmp_path):
    """Long ago, where nothing could be planted: its requests would be in the index with the key."""

    def fetch(native_id, window, client):
        return client.get("assets/BTC/fees", {"session": f"of {KEY}", "from": 1, "to": 2})

    with vendor(talkative) as (url, asked):
        provider = acme(base_url=f"{url}/x/v1", rate=QUICK, fetch=fetch)
        with pytest.raises(ConfigError, match="puts the key into a request itself") as caught:
            bench(provider).record(provider, tmp_path / "samples", BITCOIN)
    assert KEY not in str(caught.value)
    assert [request.path for request in asked] == ["/v1/assets"]
    assert not (tmp_path / "samples").exists()


def test_a_missing_key_is_told(tmp_path):
    """Before anything is asked."""
    with pytest.raises(ConfigError, match="set ACME_API_KEY"):
        bench(acme(), key="").record(acme(), tmp_path, BITCOIN)


def test_live_asks_each_thing_once(samples):
    """The checks need the same answers often; the vendor is asked for each once."""
    with vendor(talkative) as (url, asked):
        provider = acme(base_url=f"{url}/x/v1", rate=QUICK)
        found = bench(provider).on_the_real_one(provider, samples(known=None))
    assert list(complaints(found)) == ["stamp"]
    requests = [(one.path, tuple(one.query.items())) for one in asked]
    assert len(requests) == len(set(requests)) == 3  # the list, the window, another window
    assert {one.headers["x-api-key"] for one in asked} == {KEY}


def test_live_keeps_to_the_plans_rate(samples):
    """Two calls of an interval of half a second are that far apart."""
    with vendor(talkative) as (url, asked):
        provider = acme(base_url=f"{url}/x/v1", rate=Rate(120))
        before = time.monotonic()
        bench(provider).on_the_real_one(provider, samples())
    assert time.monotonic() - before >= 0.5 * (len(asked) - 1)


def test_live_finds_what_the_samples_hide(samples):
    """The vendor has changed since they were recorded."""
    renamed = {"data": [{"time": row["time"], "sum": row["fees"]} for row in days()["data"]]}

    def answer(request):
        return (200, renamed) if "BTC/fees" in request.path else talkative(request)

    with vendor(answer) as (url, _):
        provider = acme(base_url=f"{url}/x/v1", rate=QUICK)
        found = bench(provider).on_the_real_one(provider, samples())
    assert "Object missing required field fees" in complaints(found)["values"]


@pytest.mark.parametrize("name", ["coingecko", "defillama", "lunarcrush"])
def test_the_sandbox_as_the_real_one(sandbox, recorded, name):
    """Each built-in provider on the real client, its own key and the vendor's own rules."""
    provider = sandboxed.led_to(sandbox, sandboxed.load().provider(name))
    folder, before = recorded(name), len(sandbox.requests)
    found = sandboxed.bench(sandbox).on_the_real_one(provider, folder)
    asked = [address for _, address, _ in sandbox.requests[before:]]
    assert complaints(found) == {}
    assert len(asked) == len(set(asked)) < 12
