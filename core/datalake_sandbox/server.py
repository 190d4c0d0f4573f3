"""An HTTP/1.1 server on loopback that turns socket requests into answers and back."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import frozen

from datalake_sandbox.messages import Answer, Request

POLL_SECONDS = 0.05


@frozen
class Delivery:
    """An answer and how its bytes reach the client.

    `reset` tears the connection down instead; `delay` waits so many seconds before the head. `cut`
    sends half of the promised body and closes; `pause` waits in the middle of the body, and `drip`
    before each byte of it; `repeat` sends the body so many times as one.
    """

    answer: Answer
    reset: bool = False
    delay: float = 0.0
    cut: bool = False
    pause: float = 0.0
    drip: float = 0.0
    repeat: int = 1

    def parts(self) -> Iterator[tuple[float, bytes]]:
        """The pieces of the body, each with the seconds to wait before it."""
        body = self.answer.body
        half = len(body) // 2
        if self.drip:
            for place in range(len(body)):
                yield self.drip, body[place : place + 1]
        elif self.cut or self.pause:
            yield 0.0, body[:half]
            if self.pause:
                yield self.pause, body[half:]
        else:
            for _ in range(self.repeat):
                yield 0.0, body


Serve = Callable[[str, Request], Delivery]


class LoopbackServer(ThreadingHTTPServer):
    """Serves `serve(method, request)` on 127.0.0.1 until it is closed."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, serve: Serve) -> None:
        self.serve = serve
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._workers: set[threading.Thread] = set()
        super().__init__(("127.0.0.1", port), _Handler)
        self._loop = threading.Thread(
            target=self.serve_forever, args=(POLL_SECONDS,), name="sandbox", daemon=True
        )
        self._loop.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        worker = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        self._workers = {thread for thread in self._workers if thread.is_alive()} | {worker}
        worker.start()

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""

    def wait(self) -> None:
        """Block until the server is closed."""
        while self._loop.is_alive():
            self._loop.join(1.0)

    def close(self) -> None:
        """Stop listening, and end the connections that clients keep alive."""
        self.closing.set()
        self.shutdown()
        self.server_close()
        self._loop.join()
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for worker in self._workers:
            worker.join(timeout=5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: LoopbackServer
    _headers_buffer: list[bytes]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        host, _, path = parts.path.lstrip("/").partition("/")
        request = Request(
            host=host,
            path="/" + unquote(path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            client=self.client_address[0],
        )
        self._deliver(self.server.serve(self.command, request))

    def _deliver(self, delivery: Delivery) -> None:
        if delivery.reset:
            self._reset()
            return
        answer = delivery.answer
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body) * delivery.repeat))
        for name, value in answer.headers:
            self.send_header(name, value)
        if delivery.cut:
            self.send_header("Connection", "close")
        ahead = b"".join([*self._take_head(), b"\r\n"])
        self.server.closing.wait(delivery.delay)
        for wait, piece in delivery.parts():
            if wait:
                self.wfile.write(ahead)
                ahead = b""
                if self.server.closing.wait(wait):
                    self.close_connection = True
                    return
            self.wfile.write(ahead + piece)
            ahead = b""

    def _take_head(self) -> list[bytes]:
        """The head that http.server has gathered, to leave in one packet with the body."""
        lines, self._headers_buffer = self._headers_buffer, []
        return lines

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """The sandbox is quiet; its log is `Sandbox.requests`."""

    def version_string(self) -> str:
        return "datalake-sandbox"
