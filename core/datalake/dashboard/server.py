"""Serves the site on this machine alone: the same files, and any number explained when asked."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import ConfigError, StoreError
from ..explaining.plain import plain
from ..moments import to_day
from .desk import Desk
from .site import DATA_FOLDER, OVERVIEW, json_bytes

#: A page of ours asks nobody else for anything, whatever a name or a message in the data may hold.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": POLICY,
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
#: Another name may lead to this machine, too, when somebody else's page asks for it.
HOSTS = ("127.0.0.1", "localhost")


def application(desk: Desk) -> ASGIApp:
    """The site of a desk, for browsers on this machine."""

    def overview(request: Request) -> Response:
        return _answered(lambda: _current(desk))

    def detail(request: Request) -> Response:
        asked = request.path_params
        return _answered(lambda: _json(desk.detail(asked["edition"], asked["file"])))

    def explain(request: Request) -> Response:
        asked = dict(request.query_params)
        return _answered(lambda: _json(_explained(desk, asked)))

    smaller = [Middleware(GZipMiddleware, compresslevel=6)]
    routes = {
        f"/{OVERVIEW}": overview,
        f"/{DATA_FOLDER}/{{edition}}/assets/{{file}}": detail,
        "/api/explain": explain,
    }
    return Starlette(
        routes=[
            *(Route(path, answer, middleware=smaller) for path, answer in routes.items()),
            Mount("/", StaticFiles(directory=desk.folder, html=True)),
        ],
        middleware=[
            Middleware(_Headers),
            Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False),
        ],
    )


def listen(port: int) -> socket.socket:
    """A socket on this machine alone; 0 takes a free port. ConfigError where it is taken."""
    try:
        return socket.create_server((HOSTS[0], port))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise ConfigError(
            f"port {port} cannot be served ({reason}): name another one with --port, or 0 for any"
            " that is free"
        ) from error


def serving(app: ASGIApp) -> uvicorn.Server:
    """A server that ends on SIGINT and SIGTERM, without waiting for browsers."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )


class _Asked(Exception):
    """The question itself is wrong."""


def _current(desk: Desk) -> Response:
    desk.current()
    return FileResponse(desk.folder / OVERVIEW)


def _explained(desk: Desk, asked: dict[str, str]) -> dict[str, Any]:
    try:
        asset, column = asked["asset"], asked["column"]
        day = to_day(asked["date"]) if "date" in asked else None
    except KeyError as error:
        raise _Asked(f"{error.args[0]} is missing: ask for an asset and a column") from error
    except ValueError as error:
        raise _Asked(str(error)) from error
    return plain(desk.standing().inquiry.explain(asset, column, day), asset)


def _answered(make: Callable[[], Response]) -> Response:
    """The answer, or in one sentence why there is none."""
    try:
        return make()
    except _Asked as error:
        return _json({"error": str(error)}, 422)
    except ConfigError as error:
        return _json({"error": str(error)}, 404)
    except StoreError as error:
        return _json({"error": str(error)}, 503)


def _json(document: Any, status: int = 200) -> Response:
    return Response(json_bytes(document), status, media_type="application/json")


class _Headers:
    """Gives every answer the headers of all of them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                common = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *common]}
            await send(message)

        await self._app(scope, receive, send_with_headers)
