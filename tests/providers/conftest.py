"""Recorded answers of the live APIs, and the sandbox with real clients onto it."""

from __future__ import annotations

import json
import os
import threading
from contextlib import ExitStack
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from datalake import Plan, Rate
from datalake.client import HttpClient, Retry
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


@pytest.fixture
def scripted():
    """A vendor that answers what the test says: `answer(path, query)` gives status and body."""
    with ExitStack() as stack:

        def open_client(provider, answer, plan_name="scripted"):
            class Vendor(BaseHTTPRequestHandler):
                def do_GET(self):
                    address = urlsplit(self.path)
                    status, body = answer(address.path, dict(parse_qsl(address.query)))
                    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(payload)))
                    self.end_headers()
                    self.wfile.write(payload)

                def log_message(self, *_):
                    """Say nothing."""

            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Vendor))
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            plan = Plan(plan_name, f"http://127.0.0.1:{server.server_port}", Rate(60_000))
            retry = Retry(attempts=1)
            client = HttpClient(provider, plan, clock=lambda: NOW, retry=retry)
            return stack.enter_context(client)

        yield open_client
