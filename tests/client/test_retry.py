"""Trying again: what is repeated, after which wait, and when it is given up."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake.client import Retry, Stopped
from datalake.client.retry import asked_wait
from datalake.errors import NotFound, Refused, Rejected, Unavailable

NOW = datetime(2026, 3, 9, 3, 27, 0, tzinfo=timezone.utc)
RESET = "x-ratelimit-reset"
PACE = pytest.approx(1 / 0.98)


def waits(headers: dict[str, str]) -> float | None:
    return asked_wait(headers, RESET, NOW, 300)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "119"}, 119),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1" * 400}, None),
        ({"retry-after": "Mon, 09 Mar 2026 03:28:30 GMT"}, 90),
        ({"retry-after": "Mon, 09 Mar 2026 03:00:00 GMT"}, None),
        ({RESET: "2026-03-09 03:28:00 +0000"}, 60),
        ({RESET: "2026-03-09 04:28:00 +0100"}, 60),
        ({RESET: str(int(NOW.timestamp()) + 45)}, 45),
        ({RESET: "2026-03-09"}, None),
        ({RESET: "9" * 30}, None),
        ({"retry-after": "7", RESET: "2026-03-09 03:28:00 +0000"}, 7),
        ({"retry-after": "soon", RESET: "2026-03-09 03:28:00 +0000"}, 60),
    ],
)
def test_the_wait_that_a_vendor_asks_for(headers, seconds):
    """Retry-After first (seconds or a date), then the vendor's own header; nonsense is nothing."""
    assert waits(headers) == seconds


def test_an_instant_is_read_by_the_vendors_clock():
    """Our clock may be wrong; the vendor's own says how long its instant is away."""
    theirs = NOW + timedelta(hours=2)
    headers = {"date": format_datetime(theirs), RESET: str(theirs.timestamp() + 20)}
    assert waits(headers) == 20


def test_a_date_that_makes_no_sense_of_the_instant_is_not_believed():
    """A replayed answer has an old Date; then it is our clock that tells the wait."""
    headers = {"date": format_datetime(NOW - timedelta(days=9)), RESET: "2026-03-09 03:28:00 +0000"}
    assert waits(headers) == 60


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_header_can_break_the_reading(after, reset, date):
    """Whatever a vendor sends, the wait is None or a number of seconds from 0 on."""
    wait = waits({"retry-after": after, RESET: reset, "date": date})
    assert wait is None or wait >= 0


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520])
def test_passing_trouble_is_tried_again(vendor, client, status):
    """Each further try is counted and takes a token of its own."""
    vendor.then(status=status)
    vendor.then(status=status)
    assert client.get("/x") == "fine"
    assert len(vendor.seen) == client.stats.calls == 3
    assert client.stats.retries == 2
    assert min(vendor.gaps) >= 1 / 0.98 - 1e-9


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 418, 422])
def test_a_refusal_is_not_tried_again(vendor, client, status):
    """It costs one call."""
    vendor.always(status=status)
    with pytest.raises((NotFound, Refused, Rejected)):
        client.get("/x")
    assert len(vendor.seen) == 1


def test_it_gives_up_after_so_many_tries(vendor, client):
    """The error tells what the last try said, and how many there were."""
    vendor.always({"error": "down for maintenance"}, status=503)
    with pytest.raises(Unavailable) as caught:
        client.get("/coins/x")
    assert str(caught.value) == (
        'vendor: GET /coins/x answered 503: "down for maintenance" (tried 3 times)'
    )
    assert len(vendor.seen) == 3


def test_the_back_off_grows_and_is_jittered(vendor, make_client):
    """Without a word from the vendor the waits double, each between a half and all of it."""
    vendor.always(status=500)
    client = make_client(retry=Retry(attempts=6, initial=4, maximum=20))
    with pytest.raises(Unavailable):
        client.get("/x")
    for gap, grown in zip(vendor.gaps, (4, 8, 16, 20, 20), strict=True):
        assert grown / 2 <= gap <= grown + 1 / 0.98
    assert vendor.gaps[3] != vendor.gaps[4]


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "60"},
        {"Retry-After": "Mon, 09 Mar 2026 03:28:00 GMT"},
        {RESET: "2026-03-09 03:28:00 +0000"},
        {RESET: str(int(NOW.timestamp()) + 60)},
    ],
)
def test_the_vendors_wait_is_kept(vendor, make_client, headers):
    """The next try comes when the vendor says, in each way in which vendors say it."""
    vendor.then(status=429, headers=headers)
    client = make_client(declared={"reset_header": RESET})
    assert client.get("/x") == "fine"
    assert vendor.gaps == [pytest.approx(60)]


def test_a_limit_holds_every_call_of_the_client(vendor, make_client):
    """After a 429 even a call for something else waits until the vendor is ready."""
    vendor.then(status=429, headers={"Retry-After": "50"})
    client = make_client(retry=Retry(attempts=1))
    with pytest.raises(Unavailable, match="429"):
        client.get("/x")
    assert client.get("/y") == "fine"
    assert vendor.gaps == [pytest.approx(50)]
    assert client.stats.throttled_seconds == pytest.approx(50)


def test_a_limit_without_a_word_holds_every_call_too(vendor, make_client):
    """A 429 that names no time pauses the client for the back-off."""
    vendor.then(status=429)
    client = make_client(retry=Retry(attempts=1, initial=8))
    with pytest.raises(Unavailable):
        client.get("/x")
    client.get("/y")
    assert 4 <= vendor.gaps[0] <= 8


def test_a_limit_that_the_provider_names_itself_holds_every_call(vendor, make_client):
    """`classify` calls a 429 Unavailable; it is the client's limit all the same."""
    vendor.then(status=429)
    client = make_client(
        declared={"classify": lambda status, body: Unavailable if status == 429 else None},
        retry=Retry(attempts=1, initial=8),
    )
    with pytest.raises(Unavailable):
        client.get("/x")
    client.get("/y")
    assert 4 <= vendor.gaps[0] <= 8


def test_an_absurd_wait_is_refused_at_once(vendor, client):
    """Nobody waits for an hour; the error says that it was asked for, and nothing is held up."""
    vendor.then(status=429, headers={"Retry-After": "3600"})
    with pytest.raises(Unavailable, match=r"asks to wait 3,600 s, too long") as caught:
        client.get("/x")
    assert caught.value.wait == 3600
    assert client.get("/y") == "fine"
    assert vendor.gaps == [PACE]


def test_the_reset_of_a_limit_that_was_not_met_is_no_wait(vendor, make_client):
    """Some vendors send it with every answer; a 500 has nothing to do with it."""
    vendor.then(status=500, headers={RESET: "2026-03-09 03:30:00 +0000"})
    client = make_client(declared={"reset_header": RESET})
    assert client.get("/x") == "fine"
    assert vendor.gaps[0] < 10


def stopped_while(ready, stop, client) -> list[str]:
    """How a call ends that is waiting when the run is told to stop."""
    ended = []

    def work() -> None:
        try:
            client.get("/x")
        except Stopped:
            ended.append("stopped")

    thread = threading.Thread(target=work)
    thread.start()
    while not ready():
        assert thread.is_alive()
    stop.set()
    thread.join(30)
    return ended


def test_the_stop_ends_a_wait_for_the_vendor(vendor, make_client):
    """Nobody waits for a limit that will not be used any more."""
    vendor.always(status=429, headers={"Retry-After": "200"})
    stop = threading.Event()
    client = make_client(throttle=None, stop=stop)
    assert stopped_while(lambda: client.stats.waiting > 100, stop, client) == ["stopped"]


def test_the_stop_ends_a_back_off(vendor, make_client):
    """Nor for a server that may come up again."""
    vendor.always(status=500)
    stop = threading.Event()
    client = make_client(throttle=None, stop=stop, retry=Retry(initial=200, maximum=200))
    assert stopped_while(lambda: vendor.seen, stop, client) == ["stopped"]


def test_the_rate_can_be_scaled(vendor, make_client):
    """The sandbox allows a multiple of the plan's rate: 50 calls at one a second would be slow."""
    client = make_client(throttle=None, rate_scale=1e5)
    for number in range(50):
        client.get(f"/x/{number}")
    assert client.stats.throttled_seconds < 10
