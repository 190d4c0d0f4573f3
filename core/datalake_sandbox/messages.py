"""What comes in and what goes out: a request, its admission, an answer; and a table of routes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from attrs import field, frozen

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"


@frozen
class Request:
    """One GET as a vendor would see it: decoded path, last value of each query item."""

    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    client: str = ""


@frozen
class Answer:
    """One HTTP answer. `headers` do not include Content-Length, which the server adds."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


@frozen
class Access:
    """Who asks: the plan, the bucket its calls are counted in, and the API's own path."""

    plan: str
    bucket: str
    path: str
    per_minute: int
    per_day: int | None = None


Handler = Callable[..., Answer]


@frozen
class Routes:
    """Patterns of paths in the order they are tried; a pattern's groups become arguments."""

    table: Sequence[tuple[re.Pattern[str], Handler]] = field()

    def find(self, path: str) -> tuple[Handler, tuple[str, ...]] | None:
        """The handler for a path and its arguments, or None."""
        for pattern, handler in self.table:
            match = pattern.fullmatch(path)
            if match:
                return handler, match.groups()
        return None


def routes(table: Mapping[str, Handler]) -> Routes:
    """Routes from templates such as `/coins/{}/history`, where `{}` is one path segment."""
    return Routes(
        [(re.compile(re.escape(t).replace(r"\{\}", "([^/]+)")), h) for t, h in table.items()]
    )


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(
        status=status,
        body=msgspec.json.encode(value),
        headers=tuple((headers or {}).items()),
    )


def text_answer(text: str, status: int, content_type: str = TEXT) -> Answer:
    """An answer with a body of text."""
    return Answer(status=status, body=text.encode(), content_type=content_type)
