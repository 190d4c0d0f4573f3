"""Connections whose answers must end in time, however slowly their bytes drip.

A read time-out starts anew with each byte; a server that sends one byte a second never meets it.
Here every wait for bytes, of the headers or of the body, is cut to what the whole answer has left.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class _Timed(io.RawIOBase):
    """The bytes of one socket until a deadline; later reads raise TimeoutError."""

    def __init__(self, sock: socket.socket, bytes_in: io.RawIOBase, seconds: float) -> None:
        self._sock = sock
        self._in = bytes_in
        self._patience = sock.gettimeout()
        self._end = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        return self._in.readinto(buffer)

    def close(self) -> None:
        self._in.close()
        super().close()


def pool_classes(seconds: float) -> dict[str, type[HTTPConnectionPool]]:
    """urllib3's connection pools by URL scheme, with answers that take `seconds` at most."""

    class Answer(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
            super().__init__(sock, *args, **kwargs)
            self.fp = io.BufferedReader(_Timed(sock, self.fp.detach(), seconds))

    class Plain(HTTPConnection):
        response_class = Answer

    class Encrypted(HTTPSConnection):
        response_class = Answer

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}
