"""A vendor on a loopback socket that answers as a test scripts it, and clients that call it."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import pairwise

import pytest
from attrs import define, field, frozen

from datalake.client import HttpClient, Retry, Throttle
from datalake.models import Key, Plan, Provider, Rate

NOW = datetime(2026, 3, 9, 3, 27, 0, tzinfo=timezone.utc)


@frozen
class Answer:
    """One scripted answer. `body` is sent as JSON unless it is bytes; `cut` promises that many
    more bytes than come; `reset` hangs up without a word; `drip` sends a byte, then waits for
    the test's end; `echo` answers with the path."""

    body: object = "fine"
    status: int = 200
    headers: dict[str, str] = field(factory=dict)
    gzipped: bool = False
    cut: int = 0
    reset: bool = False
    drip: str = ""
    echo: bool = False

    def data(self) -> bytes:
        data = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return gzip.compress(data) if self.gzipped else data


@frozen
class Seen:
    """One request as it arrived, and the simulated time at which it did."""

    path: str
    headers: dict[str, str]
    at: float


@define
class Clock:
    """Simulated seconds: sleeping is all that makes them pass."""

    now: float = 0.0
    lock: threading.Lock = field(factory=threading.Lock)

    def monotonic(self) -> float:
        with self.lock:
            return self.now

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.now += seconds


class Vendor:
    """Answers with what is left of `script`, then with `usual`; keeps what it was asked."""

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.usual = Answer()
        self.seen: list[Seen] = []
        self.clock = Clock()
        self.gate = threading.Event()
        self.gate.set()
        self.over = threading.Event()
        self.lock = threading.Lock()
        vendor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                vendor.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *args: object) -> None:
                pass  # clients that hang up are part of the tests

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def then(self, body: object = "fine", **how: object) -> None:
        """Script one more answer."""
        self.script.append(Answer(body, **how))

    def always(self, body: object = "fine", **how: object) -> None:
        """Answer so whenever the script is at its end."""
        self.usual = Answer(body, **how)

    @property
    def gaps(self) -> list[float]:
        """The simulated seconds between one request and the next."""
        times = [seen.at for seen in self.seen]
        return [later - earlier for earlier, later in pairwise(times)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        with self.lock:
            seen = Seen(handler.path, dict(handler.headers), self.clock.monotonic())
            self.seen.append(seen)
            answer = self.script.pop(0) if self.script else self.usual
        self.gate.wait()
        if answer.reset or answer.cut or answer.drip:
            handler.close_connection = True
        if answer.reset:
            return
        if answer.drip == "headers":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            self.trickle(handler, b"a")
            return
        data = json.dumps(handler.path).encode() if answer.echo else answer.data()
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        if answer.gzipped:
            handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(data) + answer.cut))
        handler.end_headers()
        if answer.drip == "body":
            self.trickle(handler, b" ")
        elif not answer.drip:
            handler.wfile.write(data)

    def trickle(self, handler: http.server.BaseHTTPRequestHandler, byte: bytes) -> None:
        try:
            while not self.over.wait(0.02):
                handler.wfile.write(byte)
        except OSError:
            pass  # the client hung up, as it should

    def close(self) -> None:
        self.over.set()
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    vendor = Vendor()
    yield vendor
    vendor.close()


ORIGIN = "https://api.vendor.example"


@pytest.fixture
def now() -> datetime:
    """The present that clients are given."""
    return NOW


@pytest.fixture
def make_client(vendor):
    """Builds clients that call the vendor on simulated time.

    `declared` are further items of the provider's declaration.
    """
    clients = []

    def make(key: Key | None = None, secret=None, declared=(), **kwargs) -> HttpClient:
        path = "/{key}/v1" if key is not None and key.place == "path" else "/v1"
        plan = Plan("pro" if key else "free", ORIGIN + path, Rate(60), key)
        provider = Provider(
            name="vendor",
            title="Vendor",
            plans=[plan],
            datasets=[],
            keys_url="https://vendor.example/keys",
            **dict(declared),
        )
        clock = vendor.clock
        paced = Throttle(Rate(60), monotonic=clock.monotonic, sleep=clock.sleep)
        defaults = {
            "throttle": paced,
            "origins": {ORIGIN: f"{vendor.url}/stand-in"},
            "retry": Retry(attempts=3),
        }
        client = HttpClient(provider, plan, secret, clock=lambda: NOW, **(defaults | kwargs))
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client) -> HttpClient:
    return make_client()
