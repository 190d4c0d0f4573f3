"""What goes wrong on purpose: by operation and name, before a request is applied or after."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, Union

from attrs import define, field

if TYPE_CHECKING:
    from .routing import Request

Action = Union[str, Callable[["Request"], None]]  # noqa: UP007  # a forward reference


@define
class Fault:
    """`action` is `status:N`, `reset`, `stall:S`, `truncate:N`, `corrupt`, `html`, or a function
    that is called with the request (a rival's write, a kill) before the request goes on.

    `when` says whether the request is applied first. The first `skip` matches go unharmed, then
    `times` are struck (0: all), each with probability `prob`.
    """

    action: Action
    operation: str = "*"
    name: str = "*"
    when: Literal["before", "after"] = "before"
    times: int = 1
    skip: int = 0
    prob: float = 1.0
    seed: int = 0
    struck: int = 0
    _seen: int = 0
    _random: random.Random = field(init=False, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    @_random.default
    def _make_random(self) -> random.Random:
        return random.Random(self.seed)

    def strikes(self, request: Request) -> bool:
        """Whether this request is struck; counts it."""
        if not fnmatchcase(request.operation, self.operation):
            return False
        if not fnmatchcase(request.name, self.name):
            return False
        with self._lock:
            self._seen += 1
            if self._seen <= self.skip or (self.times and self.struck >= self.times):
                return False
            if self._random.random() >= self.prob:
                return False
            self.struck += 1
            return True
