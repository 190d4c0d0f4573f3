"""Which of our errors an answer or a broken connection means, told without the key."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

import requests
from attrs import frozen
from urllib3.exceptions import NameResolutionError

from ..errors import FetchError, NotFound, Refused, Rejected, SchemaError, Unavailable
from ..models import Plan, Provider
from ..secrets import Secret, scrub
from .body import vendor_message

_QUOTED = 200


class Limited(Unavailable):
    """The vendor's limit was met; all calls of this client have to wait, not only this one."""


@frozen
class Reader:
    """Turns the answers of one provider into errors.

    `hint(headers, limited)` is the wait that an answer asks for, in seconds.
    """

    provider: Provider
    plan: Plan
    secrets: tuple[Secret, ...]
    hint: Callable[[Mapping[str, str], bool], float | None]

    def says(self, path: str, what: str) -> str:
        """A sentence on one call; `path` has no key in it."""
        return scrub(f"{self.provider.name}: GET {path} {what}", self.secrets)

    def refusal(
        self, path: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> FetchError | None:
        """The error that an answer means; None for one that may be an answer."""
        kind = self._kind(status, body)
        if kind is None:
            return None
        text = self.says(path, self._told(status, headers, body))
        if issubclass(kind, Unavailable):
            return kind(text, self.hint(headers, issubclass(kind, Limited)))
        if issubclass(kind, Refused):
            return kind(f"{text} {self._advice()}")
        return kind(text)

    def broken(self, path: str, error: Exception) -> FetchError:
        """What a call means that ended without a whole answer."""
        causes = list(_causes(error))
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
            return Refused(self.says(path, "failed: the host's certificate could not be verified"))
        return Unavailable(self.says(path, f"failed: {_network_trouble(causes)}"))

    def unfit(self, path: str, error: FetchError, body: bytes) -> FetchError:
        """The error of a body that is not what was promised, with what the vendor says in it."""
        said = self._quote(body) if isinstance(error, SchemaError) and len(body) < 4096 else ""
        return type(error)(self.says(path, f"gave an answer that {error}{said}"))

    def _kind(self, status: int, body: bytes) -> type[FetchError] | None:
        named = self.provider.classify and self.provider.classify(status, body)
        if named and issubclass(named, FetchError):
            return Limited if status == 429 and named is Unavailable else named
        if 200 <= status < 300:
            return None
        if status == 429:
            return Limited
        if status in (401, 402, 403):
            return Refused
        if status == 404:
            return NotFound
        return Unavailable if status == 408 or status >= 500 else Rejected

    def _told(self, status: int, headers: Mapping[str, str], body: bytes) -> str:
        if 300 <= status < 400:
            there = _host(headers.get("location", ""))
            return f"answered {status}, a redirect to {there}, which is not followed"
        return f"answered {status}{self._quote(body)}"

    def _quote(self, body: bytes) -> str:
        said = scrub(vendor_message(body), self.secrets)
        if len(said) > _QUOTED:
            said = said[: _QUOTED - 1] + "…"
        return f': "{said}"' if said else ""

    def _advice(self) -> str:
        provider, key = self.provider, self.plan.key
        where = f"; keys: {provider.keys_url}" if provider.keys_url else ""
        if key is not None:
            return f"(plan {self.plan.name}, key from {key.variable}: check both{where})"
        names = " or ".join(provider.variables())
        need = f": set {names}" if names else ""
        return f"(plan {self.plan.name}, without a key{need}{where})"


def _host(location: str) -> str:
    try:
        return urlsplit(location).hostname or "another path"
    except ValueError:
        return "no proper URL"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and what lies behind it; the HTTP libraries wrap one in another."""
    seen: set[int] = set()
    queue = [error]
    while queue:
        cause = queue.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        queue += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]


_TROUBLES: tuple[tuple[type[BaseException], str], ...] = (
    (NameResolutionError, "the host's name cannot be resolved"),
    (ConnectionRefusedError, "the connection was refused"),
    (requests.ConnectTimeout, "no connection in time"),
    (ConnectionResetError, "the connection was reset"),
    (ssl.SSLError, "the encrypted connection broke"),
    (TimeoutError, "the answer did not come in time"),
    (requests.ReadTimeout, "the answer did not come in time"),
)


def _network_trouble(causes: list[BaseException]) -> str:
    for kind, text in _TROUBLES:
        if any(isinstance(cause, kind) for cause in causes):
            return text
    return "the connection broke"
