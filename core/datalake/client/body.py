"""What a body must be before anything else may see it: JSON, whole, and of the wanted type."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ..errors import FetchError, SchemaError, Unavailable

_MESSAGE_KEYS = ("error_message", "message", "error", "status", "detail")
_BOM = b"\xef\xbb\xbf"


def decode(body: bytes, into: type[Any] | None) -> Any:
    """The value in a body, as `into` where that is given (strictly: no number from a string).

    Raises Unavailable for what is no JSON (a garbled or foreign page, which may pass) and
    SchemaError for JSON that another try would not mend. The texts complete "the answer …".
    """
    body = body.removeprefix(_BOM)
    try:
        return msgspec.json.decode(body, type=Any if into is None else into)
    except msgspec.ValidationError as error:
        trouble: FetchError = SchemaError(f"has another shape than promised: {_inline(error)}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        trouble = _not_json(body, str(error))
    except RecursionError:
        trouble = SchemaError("is nested too deeply")
    raise trouble


def vendor_message(body: bytes) -> str:
    """What the vendor says in an error's body, on one line; empty where that is a page."""
    start = body.lstrip()[:1]
    if start == b"<":
        return ""
    try:
        said = _first_text(msgspec.json.decode(body), depth=4)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        said = "" if start in b"{[" else body[:2000].decode(errors="replace")
    printable = "".join(sign if sign.isprintable() else " " for sign in said)
    return " ".join(printable.split())


def _not_json(body: bytes, complaint: str) -> FetchError:
    text = body.lstrip()
    if not text:
        return Unavailable("is empty")
    if text.startswith(b"<"):
        return Unavailable("is an HTML page instead of JSON")
    place = re.search(r"byte (\d+)", complaint)
    at = int(place[1]) if place else 0
    for word in (b"NaN", b"Infinity"):
        if body.startswith(word, at):
            return SchemaError(f"holds {word.decode()}, which is no number in JSON")
    if "truncated" in complaint:
        return Unavailable("ends in the middle")
    return Unavailable(f"is no JSON ({complaint})")


def _inline(error: msgspec.ValidationError) -> str:
    return str(error).replace(" - at ", " at ").replace("`", "")


def _first_text(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and depth:
        for key in _MESSAGE_KEYS:
            if said := _first_text(value.get(key), depth - 1):
                return said
    return ""
