"""Answers that were made before, up to a fixed amount of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from datalake_sandbox.messages import Answer


class AnswerCache:
    """Keeps the most recently used answers within `budget` bytes; safe in threads."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._used = 0
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()

    def get_or_make(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """The kept answer, or a new one, which is kept."""
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
        answer = make()
        with self._lock:
            if key not in self._answers and len(answer.body) <= self._budget:
                self._answers[key] = answer
                self._used += len(answer.body)
                while self._used > self._budget:
                    _, old = self._answers.popitem(last=False)
                    self._used -= len(old.body)
        return answer
