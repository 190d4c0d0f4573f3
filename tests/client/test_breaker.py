"""A vendor that is down is left alone: bounded calls, one probe at a time, and back again."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from datalake.client import Limits, Retry
from datalake.client.breaker import COOL_DOWNS, FAILURES, Breaker, GivenUp
from datalake.client.budget import Budget
from datalake.errors import FetchError, NotFound, OverBudget, Rejected, Unavailable

from .conftest import Clock

DOWN = Unavailable("vendor: GET /x answered 503")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(clock.monotonic, clock.sleep)


def call(breaker, error=None, branch="x"):
    """One call from its beginning to its end; whether it was a probe."""
    probe = breaker.enter(branch)
    breaker.leave(branch, probe, error)
    return probe


def test_failures_in_a_row_stop_the_calls(breaker, clock):
    """Each cool-down ends with one probe; after the last no call goes out."""
    assert not any(call(breaker, DOWN) for _ in range(FAILURES))
    waits = []
    for _ in COOL_DOWNS:
        before = clock.now
        assert call(breaker, DOWN)
        waits.append(clock.now - before)
    assert waits == list(COOL_DOWNS)
    with pytest.raises(GivenUp, match=r"answered 503; 10 calls in a row had failed, and 3 probes"):
        breaker.enter("x")


@pytest.mark.parametrize("alive", [None, NotFound("no"), Rejected("no")])
def test_any_answer_proves_that_the_vendor_is_alive(breaker, clock, alive):
    """It need not be the one that was hoped for."""
    for _ in range(5):
        for _ in range(FAILURES - 1):
            call(breaker, DOWN)
        call(breaker, alive)
    assert clock.now == 0


def test_a_probe_that_succeeds_lets_all_through(breaker, clock):
    """And the next outage is a new one."""
    for _ in range(2):
        for _ in range(FAILURES):
            call(breaker, DOWN)
        assert breaker.open
        assert call(breaker)
        assert not breaker.open
        assert not call(breaker)
    assert clock.now == 2 * COOL_DOWNS[0]


def test_one_probe_at_a_time(breaker):
    """Who comes meanwhile waits for what it finds out."""
    for _ in range(FAILURES):
        call(breaker, DOWN)
    assert breaker.enter("x")
    with ThreadPoolExecutor(4) as pool:
        others = [pool.submit(breaker.enter, "x") for _ in range(4)]
        assert not any(other.done() for other in others)
        breaker.leave("x", True, None)
        assert not any(other.result(timeout=20) for other in others)


def test_a_probe_that_is_stopped_proves_nothing(breaker):
    """The next call probes in its place."""
    for _ in range(FAILURES):
        call(breaker, DOWN)
    assert call(breaker, KeyboardInterrupt())
    assert breaker.open
    assert call(breaker)


def test_a_call_that_has_no_budget_is_no_probe(vendor, make_client, clock):
    """It is not sent, and proves nothing; what a vendor that is given up is not sent costs none."""
    vendor.always(status=503)
    budget = Budget({"vendor": FAILURES})
    client = make_client(budget=budget, retry=Retry(attempts=FAILURES))
    for error in (Unavailable, OverBudget, OverBudget):
        with pytest.raises(error):
            client.get("/x")
    assert len(vendor.seen) == FAILURES
    larger = Budget({"vendor": 99})
    client = make_client(budget=larger, retry=Retry(attempts=99))
    for _ in range(20):
        with pytest.raises(GivenUp):
            client.get("/x")
    assert larger.left("vendor") == 99 - FAILURES - len(COOL_DOWNS)


def test_late_failures_are_no_probes(breaker):
    """Of calls that were on their way when the vendor was left alone."""
    on_their_way = [breaker.enter("x") for _ in range(8)]
    for _ in range(FAILURES):
        call(breaker, DOWN)
    for probe in on_their_way:
        breaker.leave("x", probe, DOWN)
    assert call(breaker)
    assert not breaker.open


def test_another_branch_gets_a_probe_of_its_own(breaker):
    """One endpoint that is down is not the vendor; it may also be that nothing works."""
    for branch, again in (("protocol", None), ("summary", DOWN)):
        for _ in range(FAILURES + len(COOL_DOWNS)):
            call(breaker, DOWN, branch)
        with pytest.raises(GivenUp):
            breaker.enter(branch)
        assert call(breaker, again, "overview")
    with pytest.raises(GivenUp):
        breaker.enter("overview")


def test_a_dead_vendor_gets_a_bounded_number_of_calls(vendor, make_client):
    """Over sockets, eight threads with 200 calls: failures, those on their way, probes."""
    vendor.always(status=503)
    client = make_client(retry=Retry(attempts=5))

    def get(number: int) -> str:
        with pytest.raises(FetchError) as caught:
            client.get("/coins/{id}", {"id": number})
        return str(caught.value)

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(get, range(200)))
    assert len(vendor.seen) <= FAILURES + 7 + len(COOL_DOWNS)
    assert client.stats.calls == len(vendor.seen)
    assert "answered 503" in told[-1]
    assert "nothing more is asked in this run" in told[-1]


def test_an_outage_of_half_a_minute_costs_nothing(vendor, make_client):
    """Calls wait for its end; none fails, and few are made in vain."""
    for _ in range(FAILURES + 1):
        vendor.then(status=503)
    client = make_client(retry=Retry(attempts=4))
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda n: client.get("/coins/{id}", {"id": n}), range(50)))
    assert got == ["fine"] * 50
    assert len(vendor.seen) == 50 + FAILURES + 1


def test_a_stop_ends_the_waiting(vendor, make_client):
    """A run that is interrupted does not sit out a cool-down."""
    from datalake.client import Stopped, Throttle
    from datalake.models import Rate

    stop = threading.Event()
    throttle = Throttle(Rate(60_000), stop=stop)
    vendor.always(status=503)
    retry = Retry(attempts=FAILURES + 1, initial=0.001, maximum=0.001)
    client = make_client(throttle=throttle, retry=retry, limits=Limits(read=5))
    timer = threading.Timer(0.5, stop.set)
    timer.start()
    with pytest.raises(Stopped):
        client.get("/x")
    assert len(vendor.seen) <= FAILURES
