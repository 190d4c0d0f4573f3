"""Recorded answers of the live APIs, and the sandbox with real clients onto it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path

import pytest

from datalake.client import HttpClient
from datalake.secrets import Secret
from datalake_sandbox import Sandbox

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
BESIDE_THE_CHECKOUT = Path(__file__).parents[3] / "shared" / "real"


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of recordings; without it the test is skipped, and says so."""
    folder = Path(os.environ.get("DATALAKE_REAL", BESIDE_THE_CHECKOUT))
    if not folder.is_dir():
        pytest.skip(f"no recorded answers at {folder} (set DATALAKE_REAL)")
    return folder


@pytest.fixture(scope="module")
def sandbox():
    """The three vendors on loopback, their clock at half past ten of a Sunday."""
    with Sandbox(clock=NOW) as server:
        yield server


@pytest.fixture
def connect(sandbox):
    """Opens real clients onto the sandbox, by provider and plan."""
    with ExitStack() as clients:

        def open_client(provider, plan_name):
            plan = next(plan for plan in provider.plans if plan.name == plan_name)
            key = plan.key and Secret(sandbox.environment[plan.key.variable], plan.key.variable)
            client = HttpClient(
                provider,
                plan,
                key or None,
                clock=lambda: NOW,
                origins=sandbox.hosts,
                rate_scale=sandbox.rate_scale,
            )
            return clients.enter_context(client)

        yield open_client
