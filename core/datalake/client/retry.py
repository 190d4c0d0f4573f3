"""Trying again: what may pass is repeated, after the wait the vendor asks for or a growing one."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TypeVar

import tenacity
from attrs import evolve, frozen

from ..errors import Unavailable
from .answers import Limited
from .breaker import GivenUp
from .throttle import Throttle

log = logging.getLogger(__name__)
T = TypeVar("T")


@frozen
class Retry:
    """How persistent a client is; times in seconds.

    `initial` doubles with each try up to `maximum`, and is jittered. A vendor that asks for more
    than `patience` is not waited for: what the cache holds is worth more than a hanging run.
    """

    attempts: int = 5
    initial: float = 1.0
    maximum: float = 30.0
    patience: float = 300.0

    def quicker(self, times: float) -> Retry:
        """The same where all goes so many times as fast; but a vendor is waited for as it asks."""
        return evolve(self, initial=self.initial / times, maximum=self.maximum / times)


def trying(
    once: Callable[[], T], retry: Retry, throttle: Throttle, retried: Callable[[], None]
) -> T:
    """The result of `once`, which is tried again while it raises Unavailable, but GivenUp.

    `retried` is told of each further try. Raises Unavailable with what the last try said, and
    Stopped at once when the run is to stop, for all waits are the throttle's.
    """
    tries = tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: _worth_another(error, retry)),
        stop=tenacity.stop_after_attempt(retry.attempts),
        wait=lambda state: _wait(state, retry, throttle),
        sleep=throttle.sleep,
        before_sleep=lambda state: retried(),
        reraise=True,
    )
    try:
        return tries(once)
    except Unavailable as error:
        last = error
    raise _told(last, retry, tries.statistics["attempt_number"])


def _worth_another(error: BaseException, retry: Retry) -> bool:
    if not isinstance(error, Unavailable) or isinstance(error, GivenUp):
        return False
    return not _asks_too_much(error, retry)


def _asks_too_much(error: Unavailable, retry: Retry) -> bool:
    return error.wait is not None and error.wait > retry.patience


def _wait(state: tenacity.RetryCallState, retry: Retry, throttle: Throttle) -> float:
    """The seconds before the next try; what a limit asks for, all threads wait for."""
    error = state.outcome.exception() if state.outcome else None
    grown = min(retry.maximum, retry.initial * 2.0 ** (state.attempt_number - 1))
    wait = random.uniform(grown / 2, grown)  # noqa: S311  # jitter, no secret
    log.info("%s (try %d of %d)", error, state.attempt_number, retry.attempts)
    if not isinstance(error, Unavailable):
        return wait
    if isinstance(error, Limited):
        throttle.refused(wait if error.wait is None else error.wait)
        return 0.0
    if error.wait is not None:
        throttle.pause(error.wait)
        return 0.0
    return wait


def _told(error: Unavailable, retry: Retry, number: int) -> Unavailable:
    """The error to leave with, which says what was tried."""
    if isinstance(error, GivenUp):
        return error
    text = str(error)
    if _asks_too_much(error, retry):
        text += f"; it asks to wait {error.wait:,.0f} s, too long for this run"
    if number > 1:
        text += f" (tried {number} times)"
    return Unavailable(text, error.wait)


def asked_wait(
    headers: Mapping[str, str], reset_header: str | None, now: datetime, patience: float
) -> float | None:
    """The seconds that a vendor asks to wait; None where it does not say, or names the past.

    `Retry-After` comes first (seconds or a date), then the vendor's own header (unix seconds or
    `2026-03-09 03:28:00 +0000`). An instant is read by the vendor's clock, which its `Date`
    tells, unless only ours makes sense of it.
    """
    said = headers.get("retry-after", "").strip()
    wait = _seconds(said)
    if wait is not None:
        return wait
    until = _date(said) or _instant(headers.get(reset_header, "") if reset_header else "")
    if until is None:
        return None
    clocks = [clock for clock in (_date(headers.get("date", "")), now) if clock is not None]
    waits = [(until - clock).total_seconds() for clock in clocks]
    fitting = [wait for wait in waits if 0 <= wait <= patience]
    wait = (fitting or waits)[0]
    return wait if wait >= 0 else None


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _instant(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        seconds = _seconds(text)
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)
    except (OverflowError, OSError, ValueError):
        return None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=timezone.utc)
