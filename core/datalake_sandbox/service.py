"""The way of a request through the sandbox: host, key, rate limit, then the vendor's answer."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Protocol

from attrs import evolve

from datalake_sandbox.cache import AnswerCache
from datalake_sandbox.damage import damaged
from datalake_sandbox.faults import FaultPlan
from datalake_sandbox.hosts import HOSTS, subject
from datalake_sandbox.limits import Limits
from datalake_sandbox.messages import Access, Answer, Request, text_answer
from datalake_sandbox.refusals import limit_headers, too_many
from datalake_sandbox.server import Delivery

CACHE_BYTES = 32 * 2**20
LOG_LENGTH = 100_000


class Vendor(Protocol):
    """One API: an answer to a request that was admitted; the same request, the same bytes."""

    def answer(self, request: Request, access: Access) -> Answer: ...


class Service:
    """Answers requests for every host, and remembers which were served."""

    def __init__(
        self, vendors: Mapping[str, Vendor], limits: Limits, faults: FaultPlan, seed: int
    ) -> None:
        self._vendors = vendors
        self._limits = limits
        self._faults = faults
        self._seed = seed
        self._cache = AnswerCache(CACHE_BYTES)
        self.log: deque[tuple[str, str, int]] = deque(maxlen=LOG_LENGTH)

    def __call__(self, method: str, request: Request) -> Delivery:
        about = subject(request)
        host = HOSTS.get(request.host)
        fault = self._faults.strike(about) if host else None
        if host and fault:
            address = f"/{about}"
            delivery = damaged(
                fault, host.vendor, address, lambda: self._answer(request), self._seed
            )
        else:
            delivery = Delivery(self._answer(request))
        self.log.append((method, about, delivery.answer.status))
        return delivery

    def _answer(self, request: Request) -> Answer:
        host = HOSTS.get(request.host)
        if host is None:
            known = ", ".join(HOSTS)
            return text_answer(f"No host {request.host!r} in the sandbox, only {known}\n", 404)
        access = host.authenticate(request)
        if isinstance(access, Answer):
            return access
        verdict = self._limits.admit(access)
        if not verdict.allowed:
            answer = too_many(host.vendor, verdict)
        else:
            answer = self._made(host.vendor, request, access)
        return evolve(answer, headers=answer.headers + limit_headers(host.vendor, verdict))

    def _made(self, vendor: str, request: Request, access: Access) -> Answer:
        items = frozenset(request.query.items())
        key = (request.host, access.plan, access.path, items)
        return self._cache.get_or_make(key, lambda: self._vendors[vendor].answer(request, access))
