"""The pace: slots never closer than the interval, pauses that hold everybody, and the stop."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalake.client import Stopped, Throttle
from datalake.models import Rate
from datalake_sandbox.limits import Limits
from datalake_sandbox.messages import Access

STEP = st.floats(0, 5, allow_nan=False)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("call"), st.just(0.0)),
        st.tuples(st.just("idle"), STEP),
        st.tuples(st.just("pause"), STEP),
    ),
    max_size=60,
)


class Time:
    """Simulated seconds, with something that may happen while one sleeps."""

    def __init__(self, meanwhile=lambda: None) -> None:
        self.now = 0.0
        self.lock = threading.Lock()
        self.meanwhile = meanwhile

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.now += seconds
        self.meanwhile()


def throttle_on(time: Time, calls: float = 60) -> Throttle:
    return Throttle(Rate(calls), monotonic=time.monotonic, sleep=time.sleep)


@given(EVENTS, st.floats(0.5, 600))
def test_no_two_calls_are_closer_than_the_interval(events, calls):
    """Whatever happens in between, calls keep the interval and none falls into a pause."""
    time = Time()
    throttle = throttle_on(time, calls)
    paused_until, released = 0.0, []
    for event, seconds in events:
        if event == "idle":
            time.now += seconds
        elif event == "pause":
            throttle.pause(seconds)
            paused_until = max(paused_until, time.now + seconds)
        else:
            throttle.wait()
            assert time.now >= paused_until - 1e-9
            released.append(time.now)
    for earlier, later in pairwise(released):
        assert later - earlier >= Rate(calls).interval / 0.98 - 1e-9


@given(st.integers(1, 50))
def test_an_idle_throttle_lets_nobody_wait_in_vain(count):
    """Back-to-back calls take the interval each and not more: the rate is used up."""
    time = Time()
    throttle = throttle_on(time)
    for _ in range(count):
        throttle.wait()
    assert time.now == pytest.approx((count - 1) / 0.98)
    assert throttle.waited == pytest.approx(time.now)


def test_a_pause_holds_those_who_already_wait():
    """A slot that was reserved before a pause came is given up for one after it."""
    pauses = iter([lambda: throttle.pause(30)])
    time = Time(lambda: next(pauses, lambda: None)())
    throttle = throttle_on(time)
    throttle.wait()
    throttle.wait()
    assert time.now == pytest.approx(1 / 0.98 + 30)


def test_many_threads_share_the_rate():
    """Sixteen threads together are no faster than one would be."""
    time = Time()
    throttle = throttle_on(time)

    def work() -> None:
        for _ in range(20):
            throttle.wait()

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.now >= (16 * 20 - 1) / 0.98 - 1e-6


def test_it_tells_how_long_the_next_call_still_waits():
    """`waiting` is 0 unless a call is held back, and then the seconds until it may go."""
    time, looks = Time(), []

    def look_and_sleep(seconds: float) -> None:
        looks.append(throttle.waiting)
        time.sleep(seconds)

    throttle = Throttle(Rate(60), monotonic=time.monotonic, sleep=look_and_sleep)
    throttle.pause(40)
    throttle.wait()
    assert looks == [pytest.approx(40)]
    assert throttle.waiting == 0


def test_stopping_wakes_a_waiting_call():
    """A thread that would wait for an hour ends as soon as the run is to stop."""
    stop = threading.Event()
    throttle = Throttle(Rate(1, 3600), stop=stop)
    throttle.wait()
    ended = []

    def work() -> None:
        try:
            throttle.wait()
        except Stopped:
            ended.append("stopped")

    thread = threading.Thread(target=work)
    thread.start()
    while not throttle.waiting:
        assert thread.is_alive()
    stop.set()
    thread.join(30)
    assert ended == ["stopped"]


def test_nothing_begins_after_the_stop():
    """Even a free slot is not given once the run is to stop."""
    throttle = Throttle(Rate(60))
    throttle.stop.set()
    with pytest.raises(Stopped):
        throttle.wait()


def test_stopped_is_no_failure():
    """A provider's `except Exception` cannot take the stop for trouble with one asset."""
    assert not issubclass(Stopped, Exception)


class Late(Time):
    """A machine that wakes a sleeper long after its time, now and then."""

    def __init__(self, delays) -> None:
        super().__init__()
        self.delays = iter(delays)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds + next(self.delays, 0.0))


@given(st.lists(st.floats(0, 20), max_size=40), st.integers(1, 9))
def test_what_is_late_does_not_come_in_a_burst(delays, threads):
    """Calls that were held up never come more than two at once: a strict bucket would refuse."""
    time, released, lock = Late(delays), [], threading.Lock()
    throttle = throttle_on(time)
    held_up = [throttle._reserve() for _ in range(threads)]  # slots of threads that wake up late
    time.now += 30
    for slot in held_up:
        while (due := throttle._take(slot)) is not None:
            time.now = due
        released.append(time.now)
    for _ in delays:
        throttle.wait()
        with lock:
            released.append(time.now)
    for first, third in zip(released, released[2:], strict=False):
        assert third - first >= 1 / 0.98 - 1e-9


def test_a_refusal_slows_down_and_wears_off():
    """Half the rate is back soon; never is it more than the rate."""
    time = Time()
    throttle = throttle_on(time)
    rated = throttle.interval
    throttle.refused(10)
    assert throttle.interval == pytest.approx(1.5 * rated)
    throttle.refused(10)  # of a call that was on its way with the first
    assert throttle.interval == pytest.approx(1.5 * rated)
    time.now += 60
    assert rated <= throttle.interval < 1.5 * rated
    time.now += 600
    assert throttle.interval == rated


@given(st.lists(st.floats(0, 300), max_size=30))
def test_no_number_of_refusals_raises_the_rate(pauses):
    """Nor does it stop the run: the interval has a limit in both directions."""
    time = Time()
    throttle = throttle_on(time)
    rated = throttle.interval
    for seconds in pauses:
        throttle.refused(1)
        time.now += seconds
        assert rated <= throttle.interval <= 8 * rated


@pytest.mark.parametrize("counting", ["sliding", "fixed", "bucket"])
@given(
    latencies=st.lists(st.floats(0, 0.3), min_size=1, max_size=50),
    phase=st.floats(0, 60),
    per_minute=st.sampled_from([10, 30, 250, 500]),
)
def test_no_way_of_counting_ever_refuses_a_paced_call(counting, latencies, phase, per_minute):
    """Three minutes at full rate, each call some way late on its way: the vendor lets all pass."""
    time = Time()
    time.now = phase
    throttle = throttle_on(time, per_minute)
    arrivals = []
    for number in range(3 * per_minute):
        throttle.wait()
        arrivals.append(time.now + latencies[number % len(latencies)])
    now = [0.0]
    limits = Limits(1.0, counting, timer=lambda: now[0])
    access = Access(plan="p", bucket="b", path="/", per_minute=per_minute)
    for arrival in sorted(arrivals):
        now[0] = arrival
        assert limits.admit(access).allowed
    assert arrivals[-1] - phase <= 180 / 0.98 + 0.3  # and the rate was used up
