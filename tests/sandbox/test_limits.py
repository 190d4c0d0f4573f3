"""Rate limits: as many calls a minute as the plan has, times the scale, and the vendor's 429."""

from __future__ import annotations

import re
import time
from datetime import datetime

import pytest

from datalake_sandbox.limits import Limits
from datalake_sandbox.messages import Access

PUBLIC = "https://api.coingecko.com"
LLAMA = "https://api.llama.fi"
LUNAR = "https://lunarcrush.com"
COIN = "/api4/public/coins/1/v1"


def test_keyless_coingecko_allows_five_a_minute(serve):
    """The sixth quick call is 429; the reset stamp always, Retry-After every other time."""
    box, get = serve(rates="real")
    assert box.rate_scale == 1.0
    answers = [get(PUBLIC, "/api/v3/ping") for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert answers[5].json()["status"]["error_code"] == 429
    assert ["Retry-After" in answer.headers for answer in answers[5:]] == [True, False]
    for answer in answers[5:]:
        stamp = answer.headers["x-ratelimit-reset"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000", stamp)
        ahead = datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S %z").timestamp() - time.time()
        assert 0 <= ahead <= 62


def test_each_key_has_its_own_bucket(serve):
    """Using up the keyless minute leaves a demo key its 30 calls."""
    _, get = serve(rates="real")
    for _ in range(6):
        get(PUBLIC, "/api/v3/ping")
    demo = {"x-cg-demo-api-key": "CG-sandbox-demo"}
    answers = [get(PUBLIC, "/api/v3/ping", headers=demo).status_code for _ in range(31)]
    assert answers == [200] * 30 + [429]


@pytest.mark.parametrize(("key", "limit"), [("hobby", 4), ("individual", 10)])
def test_lunarcrush_tells_its_limits_with_every_answer(serve, key, limit):
    """The headers count down, on refusals too."""
    _, get = serve(rates="real")
    headers = {"Authorization": f"Bearer my-{key}-key"}
    answers = [get(LUNAR, COIN, headers=headers) for _ in range(limit + 1)]
    assert [answer.status_code for answer in answers] == [200] * limit + [429]
    assert {answer.headers["x-rate-limit-minute"] for answer in answers} == {str(limit)}
    left = [int(answer.headers["x-rate-limit-minute-remaining"]) for answer in answers]
    assert left == [*range(limit - 1, -1, -1), 0]
    assert answers[-1].json() == {"error": "Rate limit exceeded (minute)"}
    assert int(answers[-1].headers["x-rate-limit-minute-reset"]) <= time.time() + 61


def test_free_defillama_allows_three_hundred_a_minute(serve):
    """Call 301 within a minute is refused, in plain text."""
    _, get = serve(rates="real")
    answers = [get(LLAMA, "/tvl/no-such-protocol") for _ in range(301)]
    assert {answer.status_code for answer in answers[:300]} == {400}
    assert answers[300].status_code == 429
    assert answers[300].headers["Retry-After"].isdigit()


def test_fast_rates_are_a_hundred_times_the_plan(serve):
    """Nobody waits by default: the keyless minute has 500 calls."""
    box, get = serve()
    assert box.rate_scale == 100.0
    assert all(get(PUBLIC, "/api/v3/ping").ok for _ in range(50))


def test_the_window_slides():
    """A call counts for exactly sixty seconds."""
    now = [0.0]
    limits = Limits(1.0, timer=lambda: now[0])
    access = Access(plan="p", bucket="b", path="/", per_minute=2)
    assert [limits.admit(access).allowed for _ in range(3)] == [True, True, False]
    now[0] = 30.0
    assert limits.admit(access).retry_after == 30
    now[0] = 60.0
    assert [limits.admit(access).allowed for _ in range(3)] == [True, True, False]


def test_the_day_has_an_end_too():
    """A plan with a daily limit refuses when it is used up, whatever the minute allows."""
    now = [0.0]
    limits = Limits(1.0, timer=lambda: now[0])
    access = Access(plan="p", bucket="b", path="/", per_minute=100, per_day=3)
    verdicts = [limits.admit(access) for _ in range(4)]
    assert [verdict.allowed for verdict in verdicts] == [True, True, True, False]
    assert verdicts[-1].day_remaining == 0


def test_a_made_up_rate_is_refused(serve):
    """Only "fast" and "real" exist."""
    with pytest.raises(ValueError, match="fast"):
        serve(rates="slow")


@pytest.mark.parametrize("counting", ["sliding", "fixed", "bucket"])
def test_each_way_of_counting_allows_the_rate_and_refuses_more(counting):
    """Calls at the rate always pass, whatever the phase; a burst above it does not."""
    now = [1_000_007.3]
    limits = Limits(1.0, counting, timer=lambda: now[0])
    access = Access(plan="p", bucket="b", path="/", per_minute=60)
    for _ in range(200):
        assert limits.admit(access).allowed
        now[0] += 1.0
    burst = [limits.admit(access).allowed for _ in range(130)]
    assert not all(burst)
    refused = limits.admit(access)
    now[0] += refused.retry_after
    assert limits.admit(access).allowed


def test_a_bucket_forgives_five_at_once():
    """And then nothing before its time."""
    now = [0.0]
    limits = Limits(1.0, "bucket", timer=lambda: now[0])
    access = Access(plan="p", bucket="b", path="/", per_minute=60)
    assert [limits.admit(access).allowed for _ in range(6)] == [True] * 5 + [False]
    now[0] += 0.9
    assert not limits.admit(access).allowed
    now[0] += 0.2
    assert limits.admit(access).allowed


def test_a_minute_of_the_clock_begins_anew():
    """Twice the limit may pass within a second, at the turn of the minute."""
    now = [119.9]
    limits = Limits(1.0, "fixed", timer=lambda: now[0])
    access = Access(plan="p", bucket="b", path="/", per_minute=2)
    assert [limits.admit(access).allowed for _ in range(3)] == [True, True, False]
    now[0] = 120.0
    assert [limits.admit(access).allowed for _ in range(3)] == [True, True, False]
