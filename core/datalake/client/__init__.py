"""The client through which every provider speaks to its vendor."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from ..models import Plan

if TYPE_CHECKING:
    from .http import HttpClient, Stats
    from .offline import OfflineClient
    from .retry import Retry
    from .throttle import Stopped, Throttle
    from .transport import Limits

__all__ = [
    "Client",
    "HttpClient",
    "Limits",
    "OfflineClient",
    "Retry",
    "Stats",
    "Stopped",
    "Throttle",
]

_HOME = {
    "HttpClient": "http",
    "Limits": "transport",
    "OfflineClient": "offline",
    "Retry": "retry",
    "Stats": "http",
    "Stopped": "throttle",
    "Throttle": "throttle",
}

T = TypeVar("T")


class Client(Protocol):
    """What a provider's functions get: calls that are retried, throttled, keyed and checked."""

    @property
    def plan(self) -> Plan:
        """The plan in use."""

    @property
    def now(self) -> datetime:
        """The vendor's present, aware, in UTC."""

    @overload
    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        into: type[T],
        keep: timedelta | None = None,
    ) -> T: ...
    @overload
    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        into: None = None,
        keep: timedelta | None = None,
    ) -> Any: ...
    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        into: type[Any] | None = None,
        keep: timedelta | None = None,
    ) -> Any:
        """The JSON answer of `GET base_url/path?params`.

        A `{name}` in `path` is filled in from `params`, encoded as one part of the path: so write
        `coins/{id}/market_chart`, and logs can tell the endpoint from the coin.
        `into` is the type that the body must have (a msgspec Struct that names only the fields
        wanted costs the least); another shape raises SchemaError. `keep` lets the answer serve
        again for that long within the process: right for lists, never for a series. The value may
        be shared with whoever asks for the same: do not change it. Blanks and other odd characters
        in `path` are encoded. Raises a FetchError.
        """


def __getattr__(name: str) -> Any:
    """All but the protocol loads on first use: a provider's module must not import requests."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
