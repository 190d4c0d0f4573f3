"""The client of a run that may ask nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, NoReturn

from attrs import frozen

from ..errors import FetchError
from ..models import Plan
from .http import Stats
from .journal import Request


@frozen
class OfflineClient:
    """A `Client` that opens no socket: whatever is asked of it fails."""

    plan: Plan
    clock: Callable[[], datetime]

    @property
    def now(self) -> datetime:
        return self.clock().astimezone(timezone.utc)

    @property
    def calls_left(self) -> None:
        """Nobody was asked."""

    @property
    def stats(self) -> Stats:
        """Nothing has been done."""
        return Stats(0, 0, 0, 0, 0.0, 0.0)

    @property
    def requests(self) -> list[Request]:
        """None was made."""
        return []

    def get(self, path: str, *_: Any, **__: Any) -> NoReturn:
        """See `Client.get`; here it always raises FetchError."""
        raise FetchError(f"{path} was not asked for: the run is offline")

    def close(self) -> None:
        """Nothing is open."""
