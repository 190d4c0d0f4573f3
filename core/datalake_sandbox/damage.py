"""What a fault does to an answer: the vendor's refusals, and data that is subtly wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from attrs import evolve

from datalake_sandbox import coingecko_errors as coingecko
from datalake_sandbox.faults import Fault
from datalake_sandbox.messages import HTML, Answer, json_answer, text_answer
from datalake_sandbox.noise import uniform
from datalake_sandbox.server import Delivery

PAGE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    "<body><h1>Checking your browser before accessing the site.</h1></body></html>"
)
_STAMPS = {"date", "time", "timestamp", "id", "chainId", "decimals"}

_REFUSALS: dict[str, dict[int, Callable[[], Answer]]] = {
    "coingecko": {
        401: coingecko.key_missing,
        403: coingecko.unavailable,
        404: coingecko.coin_not_found,
        429: coingecko.too_many,
        500: coingecko.internal,
    },
    "defillama": {
        401: lambda: text_answer("Invalid API key", 401),
        403: lambda: text_answer(PAGE, 403, HTML),
        404: lambda: text_answer("404 page not found", 404),
        429: lambda: text_answer("Too many requests", 429),
        500: lambda: text_answer("Internal server error", 500),
    },
    "lunarcrush": {
        401: lambda: json_answer({"error": "Unauthorized"}, 401),
        403: lambda: text_answer("error code: 1010", 403),
        404: lambda: json_answer({"error": "endpoint not found"}, 404),
        429: lambda: json_answer({"error": "Rate limit exceeded (minute)"}, 429),
        500: lambda: json_answer({"error": "Internal Server Error"}, 500),
    },
}
_GATEWAY = {502: "Bad Gateway", 503: "Service Temporarily Unavailable"}
_ERROR_OBJECTS: dict[str, Callable[[], Answer]] = {
    "coingecko": coingecko.unavailable,
    "defillama": lambda: json_answer(
        {"statusCode": 400, "body": '{"message":"There is no chain with that name"}', "headers": {}}
    ),
    "lunarcrush": lambda: json_answer({"error": "Rate limit exceeded (minute)"}),
}


def refusal(vendor: str, status: int) -> Answer:
    """The vendor's answer of a status; a gateway's page for 502 and 503."""
    if status in _GATEWAY:
        text = f"<html><head><title>{status} {_GATEWAY[status]}</title></head></html>"
        return text_answer(text, status, HTML)
    return _REFUSALS[vendor][status]()


def damaged(fault: Fault, vendor: str, make: Callable[[], Answer], seed: int) -> Delivery:
    """How the answer that `make` would give is delivered under a fault."""
    name, _, argument = fault.action.partition(":")
    replaced = _replaced(name, argument, vendor)
    if replaced is not None:
        return Delivery(replaced)
    answer = make()
    if name == "reset":
        return Delivery(answer, reset=True)
    if name == "truncate":
        return Delivery(answer, cut=True)
    if name == "slow":
        return Delivery(answer, pause=float(argument))
    if answer.status != 200:
        return Delivery(answer)
    return Delivery(evolve(answer, body=_spoilt(name, argument, answer.body, seed)))


def _replaced(name: str, argument: str, vendor: str) -> Answer | None:
    if name.isdigit():
        answer = refusal(vendor, int(name))
        headers = (("Retry-After", argument),) if argument else ()
        return evolve(answer, headers=headers)
    if name == "redirect":
        return Answer(302, b"", headers=(("Location", argument),))
    if name == "html":
        return text_answer(PAGE, 200, HTML)
    if name == "empty":
        return json_answer([])
    if name == "error-object":
        return evolve(_ERROR_OBJECTS[vendor](), status=200)
    return None


def _spoilt(name: str, argument: str, body: bytes, seed: int) -> bytes:
    data = json.loads(body)
    if name == "missing":
        data = _without(data, argument)
    elif name in ("string", "nan"):
        data = _with_wrong_number(data, "n/a" if name == "string" else float("nan"), seed)
    else:
        data = _reordered(data, name, seed)
    return json.dumps(data, separators=(",", ":")).encode()


def _without(data: Any, name: str) -> Any:
    if isinstance(data, dict):
        return {key: _without(value, name) for key, value in data.items() if key != name}
    if isinstance(data, list):
        return [_without(item, name) for item in data]
    return data


def _lists(data: Any) -> list[list[Any]]:
    """The lists of rows in a document: of objects, or of [stamp, value] pairs."""
    if isinstance(data, dict):
        return [found for value in data.values() for found in _lists(value)]
    if not isinstance(data, list) or not data:
        return []
    if isinstance(data[0], (dict, list)):
        return [data]
    return []


def _with_wrong_number(data: Any, wrong: Any, seed: int) -> Any:
    """One number of one row replaced; never a time stamp or an id."""
    if isinstance(data, (int, float)):
        return wrong
    rows = max(_lists(data), key=len, default=None)
    target = data if rows is None else rows[int(uniform(seed, "row", len(rows)) * len(rows))]
    if isinstance(target, list):
        target[-1] = wrong
        return data
    for key, value in target.items():
        if isinstance(value, (int, float)) and key not in _STAMPS:
            target[key] = wrong
            break
    return data


def _reordered(data: Any, name: str, seed: int) -> Any:
    for rows in _lists(data):
        if name == "duplicate":
            place = int(uniform(seed, "twice", len(rows)) * len(rows))
            rows.insert(place, rows[place])
        else:
            order = sorted(range(len(rows)), key=lambda n: uniform(seed, "order", n))
            rows[:] = [rows[n] for n in order]
    return data
