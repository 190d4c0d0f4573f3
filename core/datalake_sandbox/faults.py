"""Faults to inject: which requests, what goes wrong, how often; reproducible by seed."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Sequence

from attrs import field, frozen

from datalake_sandbox.noise import uniform

PLAIN = (
    *("429", "500", "502", "503", "401", "403", "404", "html", "empty", "error-object"),
    *("truncate", "reset", "string", "nan", "unordered", "duplicate"),
)
"""Actions without an argument."""

SECONDS = ("429", "slow")
"""Actions that take seconds after a colon."""

TEXTS = ("redirect", "missing")
"""Actions that take a text after a colon: an address, the name of a field."""

ACTIONS = ", ".join([*PLAIN, *(f"{name}:SECONDS" for name in SECONDS), "redirect:URL"])


def _checked_action(action: str) -> str:
    name, colon, argument = action.partition(":")
    if not colon and name in PLAIN:
        return action
    if colon and name in SECONDS and re.fullmatch(r"\d+(\.\d+)?", argument):
        return action
    if colon and name in TEXTS and argument:
        return action
    raise ValueError(f"unknown fault {action!r}: one of {ACTIONS}, missing:FIELD")


def _checked_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"the fault pattern {pattern!r} is no regex: {error}") from error
    return pattern


@frozen
class Fault:
    """What goes wrong with the requests whose `host/path?query` contains the regex `pattern`.

    The first `skip` of them are spared, then at most `times` are struck (None: all), each with
    `probability`. Actions: a status (429, 500, 502, 503, 401, 403, 404) with the vendor's body;
    "429:SECONDS" with Retry-After; "html" (a page with status 200), "empty" (`[]`),
    "error-object" (the vendor's error with status 200), "redirect:URL"; on the wire "truncate"
    (half of the promised body), "reset", "slow:SECONDS"; in the data "string" (text where a
    number should be), "nan", "unordered", "duplicate", "missing:FIELD".

    Statuses and pages come before keys and limits are looked at, and take no call from the limit.
    """

    pattern: str = field(converter=_checked_pattern)
    action: str = field(converter=_checked_action)
    times: int | None = None
    probability: float = 1.0
    skip: int = 0

    @classmethod
    def parse(cls, text: str) -> Fault:
        """A fault from `PATTERN=ACTION`, or `PATTERN=ACTION*TIMES` for so many times only.

        The pattern may itself contain `=`.
        """
        whole, star, count = text.rpartition("*")
        times = int(count) if star and count.isdecimal() else None
        parts = (text if times is None else whole).split("=")
        for cut in range(len(parts) - 1, 0, -1):
            try:
                action = _checked_action("=".join(parts[cut:]))
            except ValueError:
                continue
            return cls("=".join(parts[:cut]), action, times)
        raise ValueError(
            f"cannot read the fault {text!r}: write PATTERN=ACTION, where PATTERN is a regex on "
            f'"host/path?query" and ACTION one of {ACTIONS}, missing:FIELD; '
            'for example "coins/bitcoin/market_chart=429:2"'
        )


class FaultPlan:
    """Decides which fault strikes a request; counts matches, so it is one per sandbox."""

    def __init__(self, faults: Sequence[Fault], seed: int) -> None:
        self._faults = [(re.compile(fault.pattern), fault) for fault in faults]
        self._seed = seed
        self._lock = threading.Lock()
        self._matched: Counter[int] = Counter()
        self._struck: Counter[int] = Counter()
        self._asked: Counter[tuple[int, str]] = Counter()

    def strike(self, subject: str) -> Fault | None:
        """The first fault that strikes this request, if any does."""
        for number, (pattern, fault) in enumerate(self._faults):
            if pattern.search(subject) and self._strikes(number, fault, subject):
                return fault
        return None

    def _strikes(self, number: int, fault: Fault, subject: str) -> bool:
        with self._lock:
            self._matched[number] += 1
            self._asked[number, subject] += 1
            nth = self._asked[number, subject]
            if self._matched[number] <= fault.skip:
                return False
            if fault.times is not None and self._struck[number] >= fault.times:
                return False
            # drawn by address and attempt, so that the order of threads does not matter
            if uniform(self._seed, "fault", number, subject, nth) >= fault.probability:
                return False
            self._struck[number] += 1
            return True
