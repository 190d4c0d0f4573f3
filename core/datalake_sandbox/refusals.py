"""How each vendor says that a client asks too often, and what it tells about limits otherwise.

Reset stamps carry the real time, because that is the time in which a client waits.
"""

from __future__ import annotations

import time
from datetime import datetime, timezone

from attrs import evolve

from datalake_sandbox import coingecko_errors as coingecko
from datalake_sandbox.limits import Verdict
from datalake_sandbox.messages import Answer, json_answer, text_answer


def _coingecko(verdict: Verdict) -> Answer:
    """Always the reset stamp, the plain seconds only every other time."""
    reset = datetime.fromtimestamp(time.time() + verdict.retry_after, timezone.utc)
    headers = [("x-ratelimit-reset", reset.strftime("%Y-%m-%d %H:%M:%S %z"))]
    if verdict.refusals % 2:
        headers.append(("Retry-After", str(verdict.retry_after)))
    return evolve(coingecko.too_many(), headers=tuple(headers))


def _lunarcrush(verdict: Verdict) -> Answer:
    unit = "minute" if verdict.minute_remaining == 0 else "day"
    return json_answer({"error": f"Rate limit exceeded ({unit})"}, 429)


def _defillama(verdict: Verdict) -> Answer:
    """Nothing is published about this one: plain text, as its other errors are."""
    answer = text_answer("Too many requests", 429)
    return evolve(answer, headers=(("Retry-After", str(verdict.retry_after)),))


_TOO_MANY = {"coingecko": _coingecko, "defillama": _defillama, "lunarcrush": _lunarcrush}


def too_many(vendor: str, verdict: Verdict) -> Answer:
    """The vendor's 429."""
    return _TOO_MANY[vendor](verdict)


def limit_headers(vendor: str, verdict: Verdict) -> tuple[tuple[str, str], ...]:
    """The headers about limits that a vendor sends with every answer."""
    if vendor != "lunarcrush":
        return ()
    now = int(time.time())
    return (
        ("x-rate-limit-minute", str(verdict.minute_limit)),
        ("x-rate-limit-minute-remaining", str(verdict.minute_remaining)),
        ("x-rate-limit-minute-reset", str(now + verdict.retry_after)),
        ("x-rate-limit-day", str(verdict.day_limit)),
        ("x-rate-limit-day-remaining", str(max(0, verdict.day_remaining))),
        ("x-rate-limit-day-reset", str(now - now % 86_400 + 86_400)),
    )
