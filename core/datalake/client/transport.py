"""The last step before the network: the key goes in, and only a checked answer comes out.

It lies below the HTTP cache, so that neither a key nor a bad answer can ever reach that.
"""

from __future__ import annotations

import http.client
import io
import logging
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import requests
import urllib3
from attrs import asdict, frozen
from requests.adapters import HTTPAdapter

from .._version import __version__
from ..errors import FetchError, SchemaError
from ..models import Key
from ..secrets import Secret
from .answers import Reader
from .body import decode
from .breaker import Breaker
from .budget import Budget
from .deadline import pool_classes
from .journal import Journal, Request
from .origin import KEY_IN_PATH
from .throttle import Stopped, Throttle

log = logging.getLogger(__name__)

#: What makes two calls the same: the URL and what the answer must be.
Place = tuple[str, Any]

_PIECE = 64 * 1024
_NETWORK_TROUBLE = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,  # urllib3 on a malformed status line or header
)


@frozen
class Limits:
    """What one call may take: seconds to connect, between two bytes and in all; body bytes."""

    connect: float = 5.0
    read: float = 30.0
    total: float = 120.0
    body: int = 64 * 1024 * 1024


def told_time(headers: Mapping[str, str]) -> datetime | None:
    """When an answer left the vendor, by the vendor's clock: `Date`, and how long it has since
    been kept on the way. None where it does not say."""
    try:
        moment = parsedate_to_datetime(headers.get("Date", ""))
        return moment.astimezone(timezone.utc) + timedelta(seconds=int(headers.get("Age", "0")))
    except (ValueError, TypeError, OverflowError):
        return None


class Call(requests.PreparedRequest):
    """A request without its key, with what its answer must be and, in the end, is.

    `endpoint` is the path as the provider writes it, `path` the one that is asked for; `asset` is
    whom it concerns, and `tries` how often it was sent.
    """

    def __init__(
        self,
        url: str,
        path: str,
        params: Mapping[str, Any],
        into: type[Any] | None,
        endpoint: str,
        asset: str | None,
    ) -> None:
        super().__init__()
        self.prepare(method="GET", url=url, params=params, headers={})
        self.path = path
        self.into = into
        self.endpoint = endpoint
        self.asset = asset
        self.tries = 0
        self.value: Any = None

    @property
    def branch(self) -> str:
        """The first part of the path."""
        return self.path.split("/")[1]

    @property
    def place(self) -> Place:
        return str(self.url), self.into


class Transport(HTTPAdapter):
    """Sends calls of one vendor: paced, keyed on a copy, limited, checked; never twice.

    Raises FetchErrors only, which have no other exception behind them.
    """

    def __init__(
        self,
        reader: Reader,
        throttle: Throttle,
        breaker: Breaker,
        key: Key | None,
        secret: Secret | None,
        limits: Limits,
        budget: Budget,
    ) -> None:
        self._reader = reader
        self._throttle = throttle
        self._breaker = breaker
        self._key = key
        self._secret = secret
        self._limits = limits
        self._budget = budget
        self._lock = threading.Lock()
        self._began = throttle.monotonic()
        self.journal = Journal()
        self.calls = 0
        self.bytes = 0
        self.told_time: datetime | None = None
        self.told_left: int | None = None
        super().__init__(pool_maxsize=64, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = pool_classes(self._limits.total)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """The checked answer; requests' own options have no say here."""
        if not isinstance(request, Call):
            raise TypeError("this transport sends nothing but calls")
        asked = self._throttle.monotonic()
        probe = self._turn(request)
        error: BaseException | None = None
        try:
            response = self._sent(request, self._throttle.monotonic() - asked)
        except BaseException as caught:
            error = caught
            raise
        finally:
            self._breaker.leave(request.branch, probe, error)
        return response

    def _turn(self, call: Call) -> bool:
        """Return when the call may go; True if it probes for all others."""
        spent = False
        while True:
            probe = self._breaker.enter(call.branch)
            try:
                if not spent:
                    self._budget.spend(self._reader.provider.name)
                    spent = True
                self._throttle.wait()
            except BaseException:
                self._breaker.release(probe)
                raise
            if probe or not self._breaker.open:  # else it was left alone while the call waited
                return probe

    def _sent(self, call: Call, waited: float) -> requests.Response:
        call.tries += 1
        with self._lock:
            self.calls += 1
        began = self._throttle.monotonic()
        status, headers, body, error = self._exchange(call)
        took = self._throttle.monotonic() - began
        moment = told_time(headers)
        left = headers.get(self._reader.provider.left_header or "", "")
        with self._lock:
            if left.isdecimal():
                self.told_left = int(left)
            self.bytes += len(body)
            if moment is not None:
                self.told_time = max(moment, self.told_time or moment)
        error = error or self._reader.refusal(call.path, status, headers, body)
        error = error or self._take(call, body)
        request = Request(
            after=round(began - self._began, 3),
            provider=self._reader.provider.name,
            endpoint=call.endpoint,
            asset=call.asset,
            status=status or None,
            error=type(error).__name__ if error else None,
            bytes=len(body),
            wait=round(waited, 3),
            tries=call.tries,
            seconds=round(took, 3),
        )
        self.journal.add(request)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("GET %s", call.path, extra=asdict(request))
        if error is not None:
            raise error
        return self._answer(call, status, body)

    def _exchange(self, call: Call) -> tuple[int, Mapping[str, str], bytes, FetchError | None]:
        """Ask and read; no exception of the HTTP libraries leaves here, for they name the URL."""
        try:
            timeout = (self._limits.connect, self._limits.read)
            response = super().send(self._keyed(call), stream=True, timeout=timeout, proxies={})
            try:
                body = self._read(response, call)
            finally:
                response.close()
        except FetchError as error:
            return 0, {}, b"", error
        except _NETWORK_TROUBLE as error:
            return 0, {}, b"", self._reader.broken(call.path, error)
        return response.status_code, response.headers, body, None

    def _read(self, response: requests.Response, call: Call) -> bytes:
        """The decoded body; of a refusal only the beginning, which tells the reason."""
        refused = response.status_code >= 300
        most = _PIECE if refused else self._limits.body
        body = io.BytesIO()
        for piece in response.raw.stream(_PIECE, decode_content=True):
            if self._throttle.stop.is_set():
                raise Stopped
            body.write(piece)
            if body.tell() > most:
                break
        if body.tell() > most and not refused:
            raise SchemaError(self._reader.says(call.path, f"gave more than {most / 1e6:.0f} MB"))
        return body.getvalue()

    def _keyed(self, call: Call) -> requests.PreparedRequest:
        keyed = call.copy()
        keyed.headers = requests.structures.CaseInsensitiveDict(
            {
                "User-Agent": f"crypto-datalake/{__version__}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip, deflate",
            }
        )
        if self._key is None or self._secret is None:
            return keyed
        value = self._key.prefix + self._secret.reveal()
        if self._key.place == "header":
            keyed.headers[self._key.name] = value
        elif self._key.place == "query":
            keyed.prepare_url(keyed.url, {self._key.name: value})
        else:
            keyed.url = str(keyed.url).replace(KEY_IN_PATH, quote(value, safe=""), 1)
        return keyed

    def _take(self, call: Call, body: bytes) -> FetchError | None:
        try:
            call.value = decode(body, call.into)
        except FetchError as error:
            return self._reader.unfit(call.path, error, body)
        return None

    def _answer(self, call: Call, status: int, body: bytes) -> requests.Response:
        """A response made anew: what the vendor sent beside the body may hold the key."""
        headers = {"content-type": "application/json"}
        raw = urllib3.HTTPResponse(headers=headers, status=status, request_url=call.url)
        response = self.build_response(call, raw)
        response._content = body  # reading it from `raw` would cost two copies
        return response
