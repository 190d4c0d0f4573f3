"""A plain file server over a folder: it counts what it sends, may be slow or know no ranges."""

from __future__ import annotations

import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from attrs import define, field

KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}


@define(eq=False)
class Site:
    """A folder, served; browsers are told to keep answers for `keep` seconds. `sent` has (path,
    status, bytes of the body) of each answer."""

    folder: Path
    ranges: bool = True
    wait: float = 0
    keep: int = 0
    sent: list[tuple[str, int, int]] = field(factory=list)
    server: ThreadingHTTPServer = field(init=False)

    def __attrs_post_init__(self) -> None:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.server.server_port}/"

    def close(self) -> None:
        """End serving."""
        self.server.shutdown()
        self.server.server_close()

    def bytes_of(self, ending: str) -> int:
        """How many bytes were sent of files whose path ends so."""
        return sum(size for path, _, size in self.sent if path.endswith(ending))

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """One request: the file, or the bytes of it that are asked for."""
        time.sleep(self.wait)
        path = unquote(urlsplit(request.path).path)
        file = self.folder / path.lstrip("/")
        file = file / "index.html" if file.is_dir() else file
        status, body, total = 200, b"", 0
        if not file.is_file():
            status = 404
        else:
            body = file.read_bytes()
            total = len(body)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
        if wanted and self.ranges and status == 200:
            status, body = 206, body[int(wanted[1]) : int(wanted[2]) + 1]
        request.send_response(status)
        request.send_header("Content-Type", KINDS.get(file.suffix, "application/octet-stream"))
        request.send_header("Content-Length", str(len(body)))
        if self.keep:
            request.send_header("Cache-Control", f"max-age={self.keep}")
        if status == 206:
            request.send_header("Content-Range", f"bytes {wanted[1]}-{wanted[2]}/{total}")
        request.end_headers()
        request.wfile.write(body)
        self.sent.append((path, status, len(body)))
