"""The client through which every provider speaks to its vendor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar, overload

from ..models import Plan

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

        `into` is the type that the body must have (a msgspec Struct that names only the fields
        wanted costs the least); another shape raises SchemaError. `keep` lets the answer serve
        again for that long within the process: right for lists, never for a series. Blanks and
        other odd characters in `path` are encoded. Raises a FetchError.
        """
