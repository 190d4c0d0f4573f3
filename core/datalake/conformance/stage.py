"""A provider on stage: its real client, a server on loopback in the vendor's place, and a planted
key that must be seen nowhere else than where the plan says."""

from __future__ import annotations

import re
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Generic, TypeVar
from urllib.parse import quote, urlsplit

from attrs import evolve, field, frozen

from datalake_sandbox.damage import damaged
from datalake_sandbox.faults import Fault, FaultPlan
from datalake_sandbox.messages import JSON, Answer, Request, json_answer
from datalake_sandbox.server import Delivery, LoopbackServer

from ..client import HttpClient, Limits, Retry
from ..models import Plan, Provider, Rate
from ..secrets import Secret, scrub
from .guard import loopback_only, overheard, planted
from .samples import Asked, Sample

T = TypeVar("T")

#: The key that is planted where the user's would be.
CANARY = "Planted0Key7ofNobody"
#: Nobody waits for a rate here: the server on loopback has none.
FAST = 1e6
#: A name of a query item that says that its value is a secret.
_TELLING = re.compile(r"(?i)^(api|access|app|auth)?[-_]?(key|token|secret)$|^apikey$|^password$")


@frozen
class Visit(Generic[T]):
    """What came of one thing that the provider was asked to do.

    `asked` are the requests that it made, `unanswered` those that nobody had an answer for; `leaks`
    say in a phrase each where the planted key was seen, `around` are hosts that the provider tried
    to reach without its client.
    """

    value: T | None = None
    error: BaseException | None = None
    asked: Sequence[Asked] = ()
    unanswered: Sequence[Asked] = ()
    leaks: Sequence[str] = ()
    around: Sequence[str] = ()


@frozen
class _Watched:
    """The requests of one visit, as the server saw them."""

    faults: FaultPlan
    spared: frozenset[Asked]
    asked: list[Asked] = field(factory=list)
    unanswered: list[Asked] = field(factory=list)
    leaks: list[str] = field(factory=list)


class Stage:
    """Lets a provider work on one plan against `answer`, which gives each request its answer.

    Nothing but loopback is reached by the provider; all clocks stand at `now`. One visit at a time.
    """

    def __init__(
        self,
        provider: Provider,
        plan: Plan,
        answer: Callable[[Asked], Sample | None],
        now: datetime,
    ) -> None:
        self.provider = provider
        self.plan = plan
        self.now = now
        self._answer = answer
        self._secret = Secret(CANARY, plan.key.variable) if plan.key else None
        self._forms = Secret(CANARY, "").forms()
        parts = urlsplit(plan.base_url)
        self._origin, self._host = f"{parts.scheme}://{parts.netloc}", parts.netloc
        self._base = parts.path.replace("{key}", CANARY).strip("/")
        self._lock = threading.Lock()
        self._watched = _Watched(FaultPlan((), 0), frozenset())

    def __enter__(self) -> Stage:
        self._server = LoopbackServer(0, self._serve)
        self._nobody = socket.socket()
        self._nobody.bind(("127.0.0.1", 0))  # and never listens
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        self._nobody.close()

    def visit(
        self,
        act: Callable[[HttpClient], T],
        fault: Fault | None = None,
        *,
        spared: Iterable[Asked] = (),
        attempts: int = 3,
        limits: Limits | None = None,
    ) -> Visit[T]:
        """What comes of `act`; the fault strikes all requests but those that are spared."""
        plan = FaultPlan([fault] if fault else [], 0)
        watched = self._watched = _Watched(plan, frozenset(spared))
        variables = dict.fromkeys(self.provider.variables(), CANARY)
        value, error = None, None
        with ExitStack() as stack:
            stack.enter_context(planted(variables))
            around = stack.enter_context(loopback_only())
            client = stack.enter_context(self._client(attempts, limits, fault))
            with overheard() as heard:
                try:
                    value = act(client)
                except KeyboardInterrupt:
                    raise
                except BaseException as caught:  # foreign code: SystemExit is its own fault, too
                    error = caught
        if fault is None:
            self._repeat(heard["what it prints"])
        texts = {**heard, "the text of its error": [str(error)] if error else []}
        leaks = [*watched.leaks, *self._shown(texts), *self._shown({"what it returns": [value]})]
        with self._lock:
            return Visit(
                value,
                error,
                tuple(watched.asked),
                tuple(watched.unanswered),
                tuple(dict.fromkeys(leaks)),
                tuple(dict.fromkeys(around)),
            )

    def _repeat(self, printed: Iterable[str]) -> None:
        """What the provider printed, without the key: its author may look for it."""
        sys.stderr.write(scrub("".join(printed), [Secret(CANARY, "")]))

    def _client(self, attempts: int, limits: Limits | None, fault: Fault | None) -> HttpClient:
        return HttpClient(
            self.provider,
            evolve(self.plan, rate=Rate(1.0)),
            self._secret,
            clock=lambda: self.now,
            origins={self._origin: self._place(fault.name if fault else "")},
            rate_scale=FAST,
            retry=Retry(attempts=attempts, initial=0.001, maximum=0.002, patience=5.0),
            limits=limits or Limits(connect=5.0, read=10.0, total=20.0, body=32 * 2**20),
        )

    def _place(self, trouble: str) -> str:
        if trouble == "no-host":
            return "https://nobody.invalid"
        if trouble == "refused":
            return f"http://127.0.0.1:{self._nobody.getsockname()[1]}"
        return f"{self._server.url}/{self._host}"

    def _serve(self, method: str, request: Request) -> Delivery:
        watched = self._watched
        asked, leaks = self._bare(request)
        fault = None if asked in watched.spared else watched.faults.strike(str(asked) or "/")
        with self._lock:
            watched.asked.append(asked)
            watched.leaks.extend(leaks)

        def make() -> Answer:
            sample = self._answer(asked)
            if sample is not None:
                return Answer(sample.status, sample.body, JSON)
            with self._lock:
                watched.unanswered.append(asked)
            return json_answer({"error": "no sample answers this request"}, 404)

        if fault is None:
            return Delivery(make())
        return damaged(fault, "", f"/{request.host}{request.path}", make, 0)

    def _bare(self, request: Request) -> tuple[Asked, list[str]]:
        """The request without its key, and where else the key, or something like it, is seen."""
        query, headers = dict(request.query), dict(request.headers)
        key = self.plan.key
        if key and key.place == "query":
            query.pop(key.name, None)
        if key and key.place == "header":
            headers.pop(key.name.lower(), None)
        path = request.path.strip("/").removeprefix(self._base).strip("/")
        asked = Asked(path, tuple(sorted(query.items())))
        seen = self._shown({"the URL that it asks for": [path, *query.values()]})
        seen += self._shown({"a header that it adds": list(headers.values())})
        telling = [name for name in query if _TELLING.search(name)]
        seen += [f"the query item {name!r}, which the provider adds itself" for name in telling]
        return asked, seen

    def _shown(self, places: Mapping[str, Iterable[object]]) -> list[str]:
        """The places in which the planted key is seen, in whatever form."""
        return [place for place, texts in places.items() if any(map(self._has_key, texts))]

    def _has_key(self, value: object) -> bool:
        text = value if isinstance(value, str) else repr(value)
        texts = (text.lower(), quote(text).lower())
        return any(form.lower() in one for form in self._forms for one in texts)
