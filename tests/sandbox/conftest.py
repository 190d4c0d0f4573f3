"""One sandbox for the tests that only read, and clients that speak to it over real sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
import requests

from datalake_sandbox import Sandbox

CLOCK = datetime(2026, 11, 22, 14, 3, tzinfo=timezone.utc)
COINGECKO_PRO = "https://pro-api.coingecko.com"
COINGECKO = "https://api.coingecko.com"
LLAMA = "https://api.llama.fi"
LLAMA_PRO = "https://pro-api.llama.fi"
LUNARCRUSH = "https://lunarcrush.com"

Get = Callable[..., requests.Response]


def getter(sandbox: Sandbox, session: requests.Session) -> Get:
    """`get(origin, path, headers={}, **query)` with the built-in keys where a vendor wants one."""

    def get(
        origin: str, path: str, headers: dict[str, Any] | None = None, **query: Any
    ) -> requests.Response:
        known = {
            COINGECKO_PRO: {"x-cg-pro-api-key": "CG-sandbox-pro"},
            LUNARCRUSH: {"Authorization": "Bearer sandbox-lunarcrush"},
        }
        named = {name.rstrip("_"): value for name, value in query.items()}
        return session.get(
            sandbox.hosts[origin] + path,
            params=named,
            headers=known.get(origin, {}) if headers is None else headers,
            allow_redirects=False,
            timeout=20,
        )

    return get


@pytest.fixture(scope="session")
def clock() -> datetime:
    """The moment at which the shared sandbox stands still."""
    return CLOCK


@pytest.fixture(scope="session")
def session() -> Iterator[requests.Session]:
    """A client that keeps its connections alive."""
    with requests.Session() as client:
        yield client


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox without faults."""
    with Sandbox(CLOCK) as running:
        yield running


@pytest.fixture(scope="session")
def get(sandbox: Sandbox, session: requests.Session) -> Get:
    """Ask the shared sandbox."""
    return getter(sandbox, session)


@pytest.fixture
def serve(session: requests.Session) -> Iterator[Callable[..., tuple[Sandbox, Get]]]:
    """Start another sandbox for one test: `serve(clock=…, faults=…) -> (sandbox, get)`."""
    running: list[Sandbox] = []

    def start(**options: Any) -> tuple[Sandbox, Get]:
        box = Sandbox(**{"clock": CLOCK, **options})
        running.append(box.__enter__())
        return box, getter(box, session)

    yield start
    for box in running:
        box.__exit__(None, None, None)
