"""While a provider is tried, its own thread reaches nothing but this machine, and what it says
anywhere is heard."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

#: These log what the framework asks, below the places where keys are taken out.
_OURS = ("urllib3", "requests", "requests_cache", "datalake", "tenacity")
_HERE = ("localhost", "127.0.0.1", "::1")


@contextmanager
def loopback_only() -> Iterator[list[str]]:
    """This thread finds no host but this machine; gives those that it looked for."""
    sought: list[str] = []
    resolve, own = socket.getaddrinfo, threading.get_ident()

    def guarded(host: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if threading.get_ident() != own or name is None or name in _HERE:
            return resolve(host, *rest, **more)
        if not name.endswith(".invalid"):
            sought.append(name)
        raise socket.gaierror(socket.EAI_NONAME, f"{name} is not reached while a provider is tried")

    socket.getaddrinfo = guarded
    try:
        yield sought
    finally:
        socket.getaddrinfo = resolve


@contextmanager
def planted(variables: Mapping[str, str]) -> Iterator[None]:
    """The environment has these for a while."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class _Ear(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] not in _OURS:
            self._heard.append(self.format(record))


@contextmanager
def overheard() -> Iterator[Mapping[str, list[str]]]:
    """What is printed and logged meanwhile; nothing of it comes through."""
    logged: list[str] = []
    printed: list[str] = []
    root, ear, text = logging.getLogger(), _Ear(logged), io.StringIO()
    level, handlers = root.level, list(root.handlers)
    with ExitStack() as stack:
        stack.callback(lambda: printed.append(text.getvalue()))
        stack.enter_context(contextlib.redirect_stdout(text))
        stack.enter_context(contextlib.redirect_stderr(text))
        stack.callback(root.handlers.extend, handlers)
        stack.callback(root.handlers.clear)
        stack.callback(root.setLevel, level)
        root.handlers[:] = [ear]
        root.setLevel(logging.DEBUG)
        yield {"its log": logged, "what it prints": printed}
