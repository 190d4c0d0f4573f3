"""Answers that may serve again: made once, decoded once, and never a bad one among them."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest

from datalake.client import Retry
from datalake.client.http import _Flight
from datalake.errors import FetchError, NotFound, SchemaError, Unavailable

HOUR = timedelta(hours=1)
THREADS = 16
ROWS = [{"id": "a"}, {"id": "b"}]


class Row(msgspec.Struct):
    """What a provider wants of each row."""

    id: str


class Other(msgspec.Struct):
    """What no row has."""

    name: str


def test_a_kept_answer_serves_again(vendor, client):
    """The second time costs no call and no token, and gives the very same value."""
    vendor.always(ROWS)
    first = client.get("/list", {"page": 1}, into=list[Row], keep=HOUR)
    assert client.get("/list", {"page": 1}, into=list[Row], keep=HOUR) is first
    assert client.get("/list", {"page": 2}, into=list[Row], keep=HOUR) is not first
    assert (client.stats.calls, client.stats.http_cache_hits) == (2, 1)
    assert len(vendor.seen) == 2
    assert vendor.clock.now == pytest.approx(1 / 0.98)


def test_without_keep_every_call_is_made(vendor, client):
    """A series is the asset cache's matter: nothing of it is kept, nor served from what is."""
    client.get("/series")
    client.get("/series", keep=HOUR)
    client.get("/series")
    assert len(vendor.seen) == 3
    assert client.stats.http_cache_hits == 0


def test_an_expired_answer_is_asked_for_again(vendor, client):
    """`keep` is a life, not for ever."""
    vendor.then("old")
    assert client.get("/list", keep=timedelta(microseconds=1)) == "old"
    vendor.then("new")
    assert client.get("/list", keep=HOUR) == "new"
    assert client.get("/list", keep=HOUR) == "new"


def test_a_kept_answer_can_be_asked_for_in_another_shape(vendor, client):
    """The bytes are kept, so no second call is needed; a shape they lack is an error."""
    vendor.always(ROWS)
    client.get("/list", into=list[Row], keep=HOUR)
    assert client.get("/list", keep=HOUR) == ROWS
    with pytest.raises(SchemaError, match=r"GET /list .*missing required field name at \$\[0\]"):
        client.get("/list", into=list[Other], keep=HOUR)
    assert client.get("/list", into=list[Row], keep=HOUR) == [Row("a"), Row("b")]
    assert len(vendor.seen) == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"body": b"<html></html>"},
        {"body": b""},
        {"body": b"[1, NaN]"},
        {"body": b'[{"id"'},
        {"body": {"error": "no"}},
        {"cut": 9},
        {"status": 404},
        {"status": 500},
        {"status": 302, "headers": {"Location": "/elsewhere"}},
    ],
)
def test_a_bad_answer_is_never_kept(vendor, make_client, bad):
    """After any failure the next call goes to the vendor, and the good answer is kept."""
    client = make_client(retry=Retry(attempts=1))
    vendor.then(**bad)
    with pytest.raises(FetchError):
        client.get("/list", into=list[Row], keep=HOUR)
    vendor.then(ROWS)
    assert client.get("/list", into=list[Row], keep=HOUR) == [Row("a"), Row("b")]
    assert client.get("/list", into=list[Row], keep=HOUR) == [Row("a"), Row("b")]
    assert len(vendor.seen) == 2


class CountingLock:
    """A lock that tells how many have come to it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.came = itertools.count(1)
        self.all_came = threading.Event()

    def __enter__(self) -> None:
        if next(self.came) == THREADS:
            self.all_came.set()
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


def in_flight_together(vendor, client, into=None, keep=HOUR):
    """What as many threads get that all ask for the same before its first answer has come."""
    vendor.gate.clear()
    flight = _Flight()
    flight.lock = lock = CountingLock()
    client._flights[f"{vendor.url}/stand-in/v1/list", into] = flight

    def ask(_: int) -> object:
        try:
            return client.get("/list", into=into, keep=keep)
        except FetchError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        asked = [pool.submit(ask, number) for number in range(THREADS)]
        assert lock.all_came.wait(60)
        vendor.gate.set()
        return [future.result() for future in asked]


@pytest.mark.parametrize("keep", [HOUR, None], ids=["a list", "a series"])
def test_the_same_call_in_flight_is_made_once(vendor, client, keep):
    """Sixteen threads that want the same share one call and one decoded value."""
    vendor.always(ROWS)
    values = in_flight_together(vendor, client, list[Row], keep)
    assert all(value is values[0] for value in values)
    assert len(vendor.seen) == client.stats.calls == 1


def test_different_calls_do_not_wait_for_each_other(vendor, client):
    """While one list is on its way, another can be asked for and come."""
    vendor.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(client.get, f"/list/{n}", keep=HOUR) for n in range(2)]
        while len(vendor.seen) < 2:
            pass
        vendor.gate.set()
        assert [future.result() for future in slow] == ["fine", "fine"]


def test_sixteen_threads_get_what_they_asked_for(vendor, client):
    """Nothing is mixed up between threads, and every call is paced and counted."""
    vendor.always(body=None, echo=True)

    def ask(number: int) -> bool:
        return client.get(f"/series/{number}") == f"/stand-in/v1/series/{number}"

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(320)))
    assert client.stats.calls == len(vendor.seen) == 320
    assert vendor.clock.now >= 319 / 0.98 - 1e-6


def test_those_who_waited_share_the_failure(vendor, make_client):
    """A dead list costs its tries once, not once per thread; the next caller starts anew."""
    vendor.always(status=503)
    client = make_client(retry=Retry(attempts=2))
    errors = in_flight_together(vendor, client)
    assert {type(error) for error in errors} == {Unavailable}
    assert len({str(error) for error in errors}) == 1
    assert len(vendor.seen) == 2
    vendor.always(status=404)
    with pytest.raises(NotFound):
        client.get("/list", keep=HOUR)
    assert len(vendor.seen) == 3


def test_a_client_can_be_loaded_without_the_http_library():
    """The protocol is what providers import; requests comes with the first client."""
    code = (
        "import sys, datalake.client as c; c.Client; "
        "assert not {'requests', 'tenacity', 'msgspec'} & set(sys.modules); "
        "c.HttpClient; assert 'requests' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_bytes_are_counted_once_for_each_call(vendor, client):
    """What came over the network counts, unpacked; what the HTTP cache gave does not."""
    vendor.always(ROWS)
    for _ in range(3):
        client.get("/list", into=list[Row], keep=HOUR)
    once = client.stats.bytes
    assert once == len(json.dumps(ROWS))
    client.get("/list", into=list[Row])
    assert client.stats.bytes == 2 * once
