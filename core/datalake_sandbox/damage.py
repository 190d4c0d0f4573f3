"""What a fault does to an answer: the vendor's refusals, and bodies that do not come whole."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from email.utils import format_datetime
from functools import partial

from attrs import evolve

from datalake_sandbox import coingecko_errors as coingecko
from datalake_sandbox.faults import Fault
from datalake_sandbox.messages import HTML, Answer, json_answer, text_answer
from datalake_sandbox.server import Delivery
from datalake_sandbox.spoiling import spoilt

PAGE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    "<body><h1>Checking your browser before accessing the site.</h1></body></html>"
)
MEGABYTE = 2**20
LARGE = 500
#: Long enough for every client to give up; closing the sandbox ends it.
FOR_EVER = 86_400.0

_REFUSALS: Mapping[str, Mapping[int, Callable[[], Answer]]] = {
    "coingecko": {
        401: coingecko.key_missing,
        402: lambda: json_answer({"error": "payment required"}, 402),
        403: coingecko.unavailable,
        404: coingecko.coin_not_found,
        429: coingecko.too_many,
        500: coingecko.internal,
    },
    "defillama": {
        401: lambda: text_answer("Invalid API key", 401),
        402: lambda: text_answer("Upgrade to the Pro API plan", 402),
        403: lambda: text_answer(PAGE, 403, HTML),
        404: lambda: text_answer("404 page not found", 404),
        429: lambda: text_answer("Too many requests", 429),
        500: lambda: text_answer("Internal server error", 500),
    },
    "lunarcrush": {
        401: lambda: json_answer({"error": "Unauthorized"}, 401),
        402: lambda: json_answer({"error": "Upgrade your subscription"}, 402),
        403: lambda: text_answer("error code: 1010", 403),
        404: lambda: json_answer({"error": "endpoint not found"}, 404),
        429: lambda: json_answer({"error": "Rate limit exceeded (minute)"}, 429),
        500: lambda: json_answer({"error": "Internal Server Error"}, 500),
    },
}
#: A vendor that is none of the three.
_ANYBODY: Mapping[int, Callable[[], Answer]] = {
    status: partial(json_answer, {"error": text}, status)
    for status, text in {
        401: "Unauthorized: the API key is not known",
        402: "Payment required",
        403: "Forbidden",
        404: "Not found",
        429: "Too many requests",
        500: "Internal server error",
    }.items()
}
_GATEWAY = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}
_ERROR_OBJECTS: dict[str, Callable[[], Answer]] = {
    "coingecko": coingecko.unavailable,
    "defillama": lambda: json_answer(
        {"statusCode": 400, "body": '{"message":"There is no chain with that name"}', "headers": {}}
    ),
    "lunarcrush": lambda: json_answer({"error": "Rate limit exceeded (minute)"}),
    "": lambda: json_answer({"error": "Something went wrong"}),
}


#: How each vendor tells when its limit is free again; DefiLlama has no header for it.
_RESETS: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "coingecko": (
        "x-ratelimit-reset",
        lambda at: f"{datetime.fromtimestamp(at, timezone.utc):%Y-%m-%d %H:%M:%S %z}",
    ),
    "lunarcrush": ("x-rate-limit-minute-reset", lambda at: str(int(at))),
}
_WAYS: Mapping[str, Callable[[Answer, float], Delivery]] = {
    "reset": lambda answer, _: Delivery(answer, reset=True),
    "slow-head": lambda answer, seconds: Delivery(answer, delay=seconds),
    "slow": lambda answer, seconds: Delivery(answer, pause=seconds),
    "drip": lambda answer, seconds: Delivery(answer, drip=seconds),
    "stall": lambda answer, _: Delivery(answer, pause=FOR_EVER),
    "truncate": lambda answer, _: Delivery(answer, cut=True),
}


def refusal(vendor: str, status: int) -> Answer:
    """The vendor's answer of a status ("": any other's); a gateway's page for 502 to 504."""
    if status in _GATEWAY:
        text = f"<html><head><title>{status} {_GATEWAY[status]}</title></head></html>"
        return text_answer(text, status, HTML)
    return _REFUSALS.get(vendor, _ANYBODY)[status]()


def damaged(
    fault: Fault, vendor: str, address: str, make: Callable[[], Answer], seed: int
) -> Delivery:
    """How the answer that `make` would give to a request of `address` is delivered."""
    name, _, argument = fault.action.partition(":")
    replaced = _replaced(name, argument, vendor, address)
    if replaced is not None:
        return Delivery(replaced, repeat=LARGE if name == "huge" else 1)
    answer = make()
    if name in _WAYS:
        return _WAYS[name](answer, float(argument or 0))
    if answer.status != 200:
        return Delivery(answer)
    if name == "utf-16":
        return Delivery(evolve(answer, body=answer.body.decode().encode("utf-16")))
    return Delivery(evolve(answer, body=spoilt(name, argument, answer.body, seed)))


def _replaced(name: str, argument: str, vendor: str, address: str) -> Answer | None:
    status, _, told = name.partition("-")
    if status.isdigit():
        headers = _waits(told, argument, vendor) if argument else ()
        return evolve(refusal(vendor, int(status)), headers=headers)
    if name in ("redirect", "loop"):
        return Answer(302, b"", headers=(("Location", argument or address),))
    if name == "html":
        return text_answer(PAGE, 200, HTML)
    if name == "empty":
        return json_answer([])
    if name == "error-object":
        return evolve(_ERROR_OBJECTS[vendor](), status=200)
    if name == "huge":
        return Answer(200, b" " * MEGABYTE)
    if name == "gzip-bomb":
        packed = gzip.compress(b" " * MEGABYTE)
        return Answer(200, packed * LARGE, headers=(("Content-Encoding", "gzip"),))
    return None


def _waits(told: str, argument: str, vendor: str) -> tuple[tuple[str, str], ...]:
    """The headers with which a 429 says how long to wait."""
    if not told:
        return (("Retry-After", argument),)
    until = time.time() + float(argument)
    if told == "date":
        date = datetime.fromtimestamp(until, timezone.utc)
        return (("Retry-After", format_datetime(date, usegmt=True)),)
    if vendor not in _RESETS:
        return ()
    header, write = _RESETS[vendor]
    return ((header, write(until)),)
