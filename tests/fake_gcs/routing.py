"""From a request line to the operation of the JSON API that it means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import define, field

_OBJECT = re.compile(
    r"(?P<root>/upload|/download)?/storage/v1/b(?:/(?P<bucket>[^/]+))?"
    r"(?P<objects>/o)?(?:/(?P<name>[^/]+))?"
    r"(?:/(?P<verb>compose|copyTo|rewriteTo)(?:/b/(?P<to_bucket>[^/]+)/o/(?P<to_name>[^/]+))?)?"
)
#: How a browser asks for what everybody may read.
_PUBLIC = re.compile(r"/(?P<bucket>[^/]+)/(?P<name>.+)")
_VERBS = {"compose": "compose", "copyTo": "copy", "rewriteTo": "rewrite"}
_METHODS = {"PATCH": "patch", "PUT": "patch", "DELETE": "delete", "GET": "get"}


@define(eq=False)
class Request:
    """One request as the log keeps it; `status` is None while it is answered, 0 if it never was;
    `sent` are the bytes of the answer's body."""

    operation: str
    method: str
    path: str
    bucket: str
    name: str
    query: Mapping[str, str]
    headers: Any = field(repr=False)
    body: bytes = field(repr=False)
    to: tuple[str, str] = ("", "")
    status: int | None = None
    sent: int = 0


def parse(method: str, target: str, headers: Any, body: bytes) -> Request:
    """From the request line to the operation that it means."""
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.path.startswith("/batch"):
        return Request("batch", method, target, "", "", query, headers, body)
    found = _OBJECT.fullmatch(parts.path)
    public = None if found or method != "GET" else _PUBLIC.fullmatch(parts.path)
    if public:
        bucket, name = (unquote(one, errors="surrogatepass") for one in public.groups())
        return Request("media", method, target, bucket, name, query, headers, body)
    names = {
        key: unquote(value or "", errors="surrogatepass")
        for key, value in (found.groupdict() if found else {}).items()
    }
    operation = _operation(method, names, query) if found else "unknown"
    name = names.get("name") or query.get("name", "")
    if operation in ("insert", "resume") and not name:
        shown_name = re.search(rb'"name":\s*("(?:[^"\\]|\\.)*")', body[:8192])
        name = json.loads(shown_name[1]) if shown_name else ""
    to = (names.get("to_bucket", ""), names.get("to_name", ""))
    return Request(
        operation, method, target, names.get("bucket", ""), name, query, headers, body, to
    )


def _operation(method: str, names: Mapping[str, str], query: Mapping[str, str]) -> str:
    if not names["objects"]:
        return "bucket"
    if names["root"] == "/upload":
        return "resume" if query.get("uploadType") == "resumable" else "insert"
    if not names["name"]:
        return "list" if method == "GET" else "unknown"
    if names["verb"]:
        return _VERBS[names["verb"]]
    if method == "GET" and query.get("alt") == "media":
        return "media"
    return _METHODS.get(method, "unknown")
