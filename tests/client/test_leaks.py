"""Keys reach no exception, log, cache or count, in any vendor's form and through any failure."""

from __future__ import annotations

import logging
import threading
import traceback
from datetime import timedelta

import pytest

from datalake.client import Limits, Retry
from datalake.errors import FetchError
from datalake.models import Key
from datalake.secrets import ScrubFilter, Secret

CANARY = "c4nary+k3y/Zz9=x"
FORMS = sorted(Secret(CANARY, "V").forms())
PLACES = {
    "header": Key("VENDOR_API_KEY", "header", "x-cg-pro-api-key"),
    "bearer": Key("VENDOR_API_KEY", "header", "Authorization", "Bearer "),
    "path": Key("VENDOR_API_KEY", "path"),
    "query": Key("VENDOR_API_KEY", "query", "api_key"),
}
ECHO = {"X-Echo": CANARY, "Set-Cookie": f"key={CANARY}", "ETag": f'"{CANARY}"'}
FAULTS = {
    "fine": {"headers": ECHO},
    "refused": {"status": 401, "body": {"error": f"bad key {CANARY}"}, "headers": ECHO},
    "plain refusal": {"status": 403, "body": f"no {FORMS[0]} {FORMS[1]}".encode()},
    "limited": {"status": 429, "headers": ECHO | {"Retry-After": "3600"}},
    "down": {"status": 503, "body": {"message": CANARY}},
    "redirect": {"status": 302, "headers": {"Location": f"http://127.0.0.1:9/{CANARY}"}},
    "bad redirect": {"status": 302, "headers": {"Location": f"http://[{CANARY}"}},
    "reset": {"reset": True},
    "cut": {"cut": 5, "headers": ECHO},
    "page": {"body": f"<html>{CANARY}</html>".encode()},
    "no json": {"body": f"{CANARY}".encode()},
    "other shape": {"body": {"error": CANARY}},
    "too slow": {"drip": "body", "cut": 1_000_000},
    "too much": {"body": b" " * 200_000},
    "bad encoding": {"body": b"not gzip", "headers": {"Content-Encoding": "gzip"}},
    "bad length": {"headers": {"Content-Length": CANARY}},
}


def holds(text: str) -> bool:
    return any(form.lower() in text.lower() for form in FORMS)


def texts_in(value: object, seen: set[int] | None = None) -> str:
    """All text that can be reached from a value, through attributes and containers."""
    seen = set() if seen is None else seen
    if id(value) in seen or isinstance(value, (type, Secret, logging.Logger, threading.Thread)):
        return ""
    seen.add(id(value))
    if isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray)):
        return value.decode(errors="replace")
    if hasattr(value, "getvalue"):
        return texts_in(value.getvalue(), seen)
    inner: list[object] = []
    if hasattr(value, "items"):
        inner += [part for pair in value.items() for part in pair]
    elif isinstance(value, (list, tuple, set, frozenset)):
        inner += value
    inner += getattr(value, "__dict__", {}).values()
    return "\n".join(texts_in(part, seen) for part in inner)


@pytest.fixture
def logs(caplog):
    """What a handler with the filter writes of all that is logged, at the loudest."""
    caplog.set_level(logging.DEBUG)
    caplog.handler.addFilter(scrubber := ScrubFilter([Secret(CANARY, "V")]))
    yield caplog
    caplog.handler.removeFilter(scrubber)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", PLACES)
def test_no_fault_gives_a_key_away(vendor, make_client, logs, place, fault):
    """The key arrives where it should, and is nowhere else: not in the error and what lies
    behind it, not in a log line, not in the HTTP cache, not in the counts."""
    vendor.always(**FAULTS[fault])
    limits = Limits(total=0.2 if fault in ("too slow", "bad length") else 60, body=100_000)
    client = make_client(
        PLACES[place], Secret(CANARY, "VENDOR_API_KEY"), limits=limits, retry=Retry(attempts=2)
    )
    raised = None
    try:
        client.get("/coins/x", {"page": 1}, into=str, keep=timedelta(hours=1))
    except FetchError as error:
        raised = error
    assert (raised is None) == (fault == "fine")
    assert holds(texts_in([vendor.seen[0].path, vendor.seen[0].headers]))
    if raised is not None:
        assert (raised.__cause__, raised.__context__) == (None, None)
        assert not holds("".join(traceback.format_exception(raised)))
        assert not holds(texts_in(raised))
    assert logs.records
    assert not holds(logs.text)
    assert not holds(texts_in(client._session.cache.responses))
    assert not holds(repr(client.stats) + repr(client) + repr(client.plan))


def test_a_key_is_scrubbed_before_a_text_is_cut(vendor, make_client):
    """A long message must not end with the first half of a key."""
    vendor.always({"error": "x" * 193 + CANARY}, status=400)
    client = make_client(PLACES["header"], Secret(CANARY, "VENDOR_API_KEY"))
    with pytest.raises(FetchError) as caught:
        client.get("/x")
    assert CANARY[:4] not in str(caught.value)


def test_a_key_in_a_name_is_scrubbed(vendor, make_client):
    """Even a provider that was handed the key as an asset's name does not print it."""
    vendor.always(status=404)
    client = make_client(PLACES["header"], Secret("c4nary-key", "VENDOR_API_KEY"))
    with pytest.raises(FetchError, match=r"GET /usage/\*\*\* answered 404"):
        client.get("/usage/c4nary-key")


def test_the_search_would_find_a_key(vendor, make_client, caplog):
    """A control: an answer's own text is found in the cache, and without the filter the path's
    key is found in the logs."""
    caplog.set_level(logging.DEBUG)
    vendor.always("a marker in the body")
    client = make_client(PLACES["path"], Secret(CANARY, "VENDOR_API_KEY"))
    client.get("/coins/x", keep=timedelta(hours=1))
    stored = texts_in(client._session.cache.responses)
    assert "a marker in the body" in stored
    assert "/coins/x" in stored
    assert holds(caplog.text)
