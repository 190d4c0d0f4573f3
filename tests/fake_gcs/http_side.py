"""The HTTP side: reads a request whole, strikes it with faults, answers, logs."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from .answers import Answer, refusal, unzipped
from .faults import Action
from .objects import Refused
from .routing import Request, parse

if TYPE_CHECKING:
    from .server import FakeGcs


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: object) -> None:
        pass  # a client that went away, or was killed


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    gcs: FakeGcs

    def _handle(self) -> None:
        body = self._body()
        if body is None:
            return  # cut on its way: nothing is applied
        request = parse(self.command, self.path, self.headers, body)
        self.gcs.requests.append(request)
        time.sleep(self.gcs.latency)
        struck = [fault for fault in list(self.gcs.faults) if fault.strikes(request)]
        before = [fault.action for fault in struck if fault.when == "before"]
        after = [fault.action for fault in struck if fault.when == "after"]
        self._act(before, request)
        answer = _instead(before) or self.gcs.answer(request)
        self._act(after, request)
        for action in (*before, *after):
            answer = _spoiled(action, answer)
        if "reset" in (*before, *after):
            request.status = 0
            self.close_connection = True
            return
        request.status, request.sent = answer.status, len(answer.body)
        self._send(answer, (*before, *after))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815  # the library's names

    def _body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = self._chunked()
        else:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                return None
        return unzipped(body, self.headers.get("Content-Encoding"))

    def _chunked(self) -> bytes:
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def _act(self, actions: list[Action], request: Request) -> None:
        """What only comes in between: a wait, or whatever a test's function does."""
        for action in actions:
            if callable(action):
                action(request)
            elif action.startswith("stall:"):
                time.sleep(float(action[6:]))

    def _send(self, answer: Answer, actions: tuple[Action, ...]) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        body = answer.body
        for action in actions:
            if isinstance(action, str) and action.startswith("truncate:"):
                body = body[: int(action[9:])]
                self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _instead(actions: list[Action]) -> Answer | None:
    """What is answered where the request is not applied; an answer that is lost is not either."""
    for action in actions:
        if isinstance(action, str) and action.startswith("status:"):
            return refusal(Refused(int(action[7:]), f"struck by a fault: {action}"))
        if action == "reset":
            return Answer(500)
    return None


def _spoiled(action: Action, answer: Answer) -> Answer:
    if action == "corrupt" and answer.body:
        middle = len(answer.body) // 2
        body = answer.body[:middle] + bytes([answer.body[middle] ^ 1]) + answer.body[middle + 1 :]
        return Answer(answer.status, body, answer.headers)
    if action == "html":
        page = b"<html><body>Please sign in</body></html>"
        return Answer(200, page, {"Content-Type": "text/html"})
    if isinstance(action, str) and action.startswith("status:"):
        return refusal(Refused(int(action[7:]), f"struck by a fault: {action}"))
    return answer
