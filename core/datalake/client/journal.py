"""What a client asked: each request that went to the network, and how it ended, without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from attrs import frozen

#: So many requests of a client are kept, the first ones; a run of thousands of assets makes fewer.
MOST = 50_000

_asset: ContextVar[str | None] = ContextVar("asset", default=None)


@contextmanager
def concerning(asset: str) -> Iterator[None]:
    """What this thread asks meanwhile is asked for that asset."""
    token = _asset.set(asset)
    try:
        yield
    finally:
        _asset.reset(token)


def asset_asked_for() -> str | None:
    """The asset for which this thread asks, where it is one."""
    return _asset.get()


@frozen
class Request:
    """One request, each try of a call being one.

    `after` are the seconds from the making of the client to the sending; `endpoint` is the path
    with the names of its parts (`/coins/{id}/market_chart`); `status` is None where no answer came,
    and `error` says in a word why the answer was of no use. `bytes` are the body's, unpacked;
    `wait` the seconds for which the request was held back, `seconds` those that it took; `tries`
    counts from 1.
    """

    after: float
    provider: str
    endpoint: str
    asset: str | None
    status: int | None
    error: str | None
    bytes: int
    wait: float
    tries: int
    seconds: float


class Journal:
    """The requests of one client; safe in threads."""

    def __init__(self) -> None:
        self._requests: list[Request] = []

    def add(self, request: Request) -> None:
        """Keep one more, while there is room."""
        if len(self._requests) < MOST:
            self._requests.append(request)

    @property
    def requests(self) -> list[Request]:
        """All that are kept, in the order of their ends."""
        return list(self._requests)
