"""A provider's calls at the whole rate of its plan, on a simulated clock: within 5 % of the bound,
and never refused, whichever way the vendor counts."""

from __future__ import annotations

import heapq
import random

import pytest

from datalake.client import Throttle
from datalake.models import Rate
from datalake.plugins import load
from datalake.running.fetching.lane import workers
from datalake_sandbox.counting import COUNTS
from datalake_sandbox.limits import Limits
from datalake_sandbox.messages import Access

RATES = sorted(
    {plan.rate.calls for provider in load().providers.values() for plan in provider.plans}
)
MINUTES = 3
#: Seconds that calls take, of which so much passes before the vendor counts them.
LATENCIES = {"quick": (0.05, 0.2), "slow": (1.2, 1.5)}
LATEST = 0.15


class Time:
    """Simulated seconds: sleeping is all that makes them pass."""

    def __init__(self, now: float) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def calls(rate: float, speed: str, chance: random.Random) -> list[tuple[float, float]]:
    """When each call was counted and answered, of as many workers as a run has."""
    time = Time(chance.uniform(0, 60))
    throttle = Throttle(Rate(rate), monotonic=time.monotonic, sleep=time.sleep)
    free = [time.now] * workers(throttle.interval)
    made = []
    for _ in range(max(12, int(MINUTES * rate))):
        time.now = heapq.heappop(free)
        throttle.wait()
        latency = chance.uniform(*LATENCIES[speed])
        made.append((time.now + min(latency, chance.uniform(0, LATEST)), time.now + latency))
        heapq.heappush(free, made[-1][1])
    return made


@pytest.mark.parametrize("speed", LATENCIES)
@pytest.mark.parametrize("counting", COUNTS)
@pytest.mark.parametrize("rate", RATES)
def test_a_plan_is_used_up_and_nobody_is_refused(rate, counting, speed):
    chance = random.Random(f"{rate} {counting} {speed}")
    made = calls(rate, speed, chance)
    now = [0.0]
    limits = Limits(1.0, counting, timer=lambda: now[0])
    access = Access(plan="p", bucket="b", path="/", per_minute=int(rate))
    for arrival, _ in sorted(made):
        now[0] = arrival
        assert limits.admit(access).allowed
    begun = made[0][0] - LATEST
    latency = sum(LATENCIES[speed]) / 2
    bound = (len(made) - 1) * Rate(rate).interval + latency
    assert max(answered for _, answered in made) - begun <= 1.05 * bound
