"""Faults to inject: which requests, what goes wrong, how often; reproducible by seed."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

from attrs import field, frozen

from datalake_sandbox.fault_names import UNREACHABLE, WRITTEN, is_action
from datalake_sandbox.noise import uniform

_HOW_OFTEN = re.compile(r"(.+?)((?:[*+]\d+|@(?:0?\.\d+|[01]))+)")


def _checked_action(action: str) -> str:
    if not is_action(action):
        raise ValueError(f"unknown fault {action!r}: one of {WRITTEN}")
    return action


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
    `probability`. Actions are those of `fault_names`.

    Statuses and pages come before keys and limits are looked at, and take no call from the limit.
    """

    pattern: str = field(converter=_checked_pattern)
    action: str = field(converter=_checked_action)
    times: int | None = None
    probability: float = 1.0
    skip: int = 0

    @classmethod
    def parse(cls, text: str) -> Fault:
        """A fault from `PATTERN=ACTION`, after which may come how often, in any order: `*TIMES`
        for so many times only, `+SKIP` after so many were spared, `@PROBABILITY`.

        The pattern may itself contain `=`.
        """
        often = _HOW_OFTEN.fullmatch(text)
        whole, told = (often[1], _how_often(often[2])) if often else (text, {})
        parts = whole.split("=")
        for cut in range(len(parts) - 1, 0, -1):
            action = "=".join(parts[cut:])
            if is_action(action):
                return cls("=".join(parts[:cut]), action, **told)
        raise ValueError(
            f"cannot read the fault {text!r}: write PATTERN=ACTION, where PATTERN is a regex on "
            f'"host/path?query" and ACTION one of {WRITTEN}; for example '
            '"coins/bitcoin/market_chart=429:2", or "llama=503*3" for three times only'
        )

    @property
    def name(self) -> str:
        return self.action.partition(":")[0]


def _how_often(text: str) -> dict[str, Any]:
    names: dict[str, tuple[str, type]] = {
        "*": ("times", int),
        "+": ("skip", int),
        "@": ("probability", float),
    }
    found = re.findall(r"([*+@])([\d.]+)", text)
    return {names[sign][0]: names[sign][1](number) for sign, number in found}


class FaultPlan:
    """Decides which fault strikes a request; counts matches, so it is one per sandbox."""

    def __init__(self, faults: Sequence[Fault], seed: int) -> None:
        patterns = [(re.compile(fault.pattern), fault) for fault in faults]
        self._faults = [one for one in patterns if one[1].name not in UNREACHABLE]
        self._hosts = [one for one in patterns if one[1].name in UNREACHABLE]
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

    def unreachable(self, host: str) -> str | None:
        """The name of the fault that makes a whole host unreachable, if one does."""
        found = (fault.name for pattern, fault in self._hosts if pattern.search(f"{host}/"))
        return next(found, None)

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
