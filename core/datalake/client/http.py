"""The client over HTTP: retry, then (for lists) the HTTP cache, the throttle, the network."""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar
from urllib.parse import quote

from attrs import field, frozen
from requests_cache import DO_NOT_CACHE, AnyResponse, CachedSession

from ..errors import ConfigError, FetchError, Rejected
from ..models import Plan, Provider, Rate
from ..secrets import Secret
from .answers import Reader
from .body import decode
from .breaker import COOL_DOWNS, Breaker
from .budget import Budget
from .journal import Request, asset_asked_for
from .origin import base_url
from .pace import Pace
from .retry import Retry, asked_wait, trying
from .throttle import Throttle
from .transport import Call, Limits, Place, Transport

_NAMED = re.compile(r"\{(\w+)\}")
T = TypeVar("T")


@frozen
class Stats:
    """What a client has done so far.

    `calls` counts requests that went to the network, each try of them; `bytes` what came back,
    unpacked; `throttled_seconds` the time during which at least one call was held back; `waiting`
    the seconds until the next may go. `told_time` is the latest time that an answer told.
    """

    calls: int
    bytes: int
    retries: int
    http_cache_hits: int
    throttled_seconds: float
    waiting: float
    told_time: datetime | None = None


@frozen
class _Decoded:
    value: Any = field(repr=False)
    expires: datetime


class _Flight:
    """One request on its way, and what came of it, for those who wait for the same."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.landed = False
        self.value: Any = None
        self.error: FetchError | None = None


class HttpClient:
    """A `Client` of one provider on one plan; safe to share between threads.

    `origins` sends the calls of an origin (`https://api.coingecko.com`) elsewhere, which must be
    https or this machine. `rate_scale` multiplies the plan's rate, and divides the client's own
    waits. Setting `stop` ends every wait with Stopped. Clients of one key must share one
    `throttle`, or one `pace`. What the `budget` has no room for raises OverBudget.
    """

    def __init__(
        self,
        provider: Provider,
        plan: Plan,
        key: Secret | None = None,
        *,
        clock: Callable[[], datetime],
        origins: Mapping[str, str] = {},
        rate_scale: float = 1.0,
        retry: Retry | None = None,
        limits: Limits | None = None,
        stop: threading.Event | None = None,
        throttle: Throttle | None = None,
        pace: Pace | None = None,
        budget: Budget | None = None,
    ) -> None:
        if plan.key is not None and key is None:
            raise ConfigError(
                f"{provider.name}: plan {plan.name} needs a key; set {plan.key.variable}"
            )
        self._provider = provider
        self._plan = plan
        self._clock = clock
        self._retry = retry or Retry().quicker(rate_scale)
        rate = Rate(plan.rate.calls * rate_scale, plan.rate.seconds)
        budget = budget or Budget()
        self._throttle = throttle or Throttle(rate, stop=stop, pace=pace, until=budget.until)
        self._base = base_url(plan, origins)
        secrets = (key,) if key is not None else ()
        reader = Reader(provider, plan, secrets, self._asked_wait)
        cool_downs = [seconds / rate_scale for seconds in COOL_DOWNS]
        breaker = Breaker(self._throttle.monotonic, self._throttle.sleep, cool_downs)
        self._transport = Transport(
            reader, self._throttle, breaker, plan.key, key, limits or Limits(), budget
        )
        self._reader = reader
        self._session = self._make_session()
        self._lock = threading.Lock()
        self._flights: dict[Place, _Flight] = {}
        self._decoded: dict[Place, _Decoded] = {}
        self._retries = 0
        self._hits = 0

    @property
    def plan(self) -> Plan:
        return self._plan

    @property
    def now(self) -> datetime:
        return self._clock().astimezone(timezone.utc)

    @property
    def calls_left(self) -> int | None:
        """How many calls of the plan's quota are left, where the vendor's last answer says."""
        return self._transport.told_left

    @property
    def stats(self) -> Stats:
        """A snapshot; any thread may ask for it at any time."""
        with self._lock:
            retries, hits = self._retries, self._hits
        throttle, transport = self._throttle, self._transport
        return Stats(
            transport.calls,
            transport.bytes,
            retries,
            hits,
            throttle.waited,
            throttle.waiting,
            transport.told_time,
        )

    @property
    def requests(self) -> list[Request]:
        """The requests that went to the network so far, the first 50,000 of them."""
        return self._transport.journal.requests

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        into: type[Any] | None = None,
        keep: timedelta | None = None,
    ) -> Any:
        """See `Client.get`."""
        asset = asset_asked_for() if keep is None else None  # a list is everybody's
        call = self._call(path, params or {}, into, asset)
        with self._flight(call.place) as flight:
            if not flight.landed:
                flight.value = self._fresh(call) if keep is None else self._kept(call, keep)
                flight.landed = True
            return flight.value

    def close(self) -> None:
        """Drop the connections and all that was kept."""
        self._session.close()  # type: ignore[no-untyped-call]  # requests-cache leaves it untyped
        self._decoded.clear()

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(
        self, path: str, params: Mapping[str, Any], into: type[Any] | None, asset: str | None
    ) -> Call:
        endpoint = path if path.startswith("/") else f"/{path}"
        encoded, query = _filled(endpoint, params)
        if any(part in (".", "..") for part in encoded.split("/")):
            raise Rejected(self._reader.says(path, "was not sent: it has . or .. in its path"))
        query = {name: _text(value) for name, value in query.items()}
        return Call(self._base + encoded, encoded, query, into, endpoint, asset)

    def _tried(self, once: Callable[[], T]) -> T:
        return trying(once, self._retry, self._throttle, lambda: self._count(retries=1))

    def _fresh(self, call: Call) -> Any:
        """The value of a new answer: past the HTTP cache, which would cost as much as parsing."""
        self._tried(lambda: self._transport.send(call))
        return call.value

    def _kept(self, call: Call, keep: timedelta) -> Any:
        """The value of an answer that the HTTP cache keeps, which is not asked, and the answer not
        decoded, for each asset anew."""
        known = self._decoded.get(call.place)
        if known is not None and datetime.now(timezone.utc) < known.expires:
            self._count(hits=1)
            return known.value
        response: AnyResponse = self._tried(lambda: self._session.send(call, expire_after=keep))
        self._count(hits=int(response.from_cache))
        body = response.content or b""
        value = self._decode_again(call, body) if response.from_cache else call.value
        if response.expires is not None:
            self._decoded[call.place] = _Decoded(value, response.expires)
        return value

    def _decode_again(self, call: Call, body: bytes) -> Any:
        try:
            return decode(body, call.into)
        except FetchError as error:
            trouble = self._reader.unfit(call.path, error, body)
        raise trouble

    @contextmanager
    def _flight(self, place: Place) -> Iterator[_Flight]:
        """One at a time for each place; those who waited share what came of the first."""
        with self._lock:
            flight = self._flights.setdefault(place, _Flight())
        with flight.lock:
            if flight.error is not None:
                raise copy.copy(flight.error)
            try:
                yield flight
            except FetchError as error:
                flight.error = error
                raise
            finally:
                with self._lock:
                    if self._flights.get(place) is flight:
                        del self._flights[place]

    def _make_session(self) -> CachedSession:
        # asked for per request, DO_NOT_CACHE would skip the reading but not the writing
        session = CachedSession(backend="memory", expire_after=DO_NOT_CACHE, ignored_parameters=())
        session.trust_env = False  # neither netrc nor proxies from the environment
        session.adapters.clear()
        session.mount(f"{self._base}/", self._transport)
        return session

    def _asked_wait(self, headers: Mapping[str, str], limited: bool) -> float | None:
        # some vendors tell with every answer when their limit is free again
        reset = self._provider.reset_header if limited else None
        return asked_wait(headers, reset, self.now, self._retry.patience)

    def _count(self, *, retries: int = 0, hits: int = 0) -> None:
        with self._lock:
            self._retries += retries
            self._hits += hits


def _filled(endpoint: str, params: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path with its `{name}`s filled in and all of it encoded, and the other parameters."""
    pieces = _NAMED.split(endpoint)  # every other one is a name
    known = [name for name in pieces[1::2] if name in params]
    encoded = [
        quote(str(params[piece]), safe="")
        if number % 2 and piece in known
        else quote(f"{{{piece}}}" if number % 2 else piece, safe="/:@!$&'()*+,;=~")
        for number, piece in enumerate(pieces)
    ]
    return "".join(encoded), {name: params[name] for name in params if name not in known}


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
