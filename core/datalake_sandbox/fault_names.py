"""The faults by name: what each does to the answers that it strikes, in a line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from attrs import frozen

Argument = Literal["", "SECONDS", "TEXT", "URL", "FIELD"]


@frozen
class Kind:
    """A named fault, what may follow after a colon, and what it does."""

    name: str
    argument: Argument
    does: str

    @property
    def written(self) -> str:
        """How it is written after `PATTERN=`."""
        return f"{self.name}:{self.argument}" if self.argument else self.name


#: These make a whole host unreachable, for as long as the sandbox serves.
UNREACHABLE = ("refused", "no-host")

KINDS = (
    Kind("429", "", "the vendor's refusal for calling too often; it does not say how long to wait"),
    Kind("429", "TEXT", "the same with this Retry-After: seconds, or something that no one means"),
    Kind("429-date", "SECONDS", "the same with a Retry-After that is a date, so far ahead"),
    Kind("429-reset", "SECONDS", "the same with the vendor's own header, if it has one"),
    Kind("500", "", "the vendor's own error"),
    Kind("502", "", "a gateway's page"),
    Kind("503", "", "a gateway's page"),
    Kind("504", "", "a gateway's page"),
    Kind("401", "", "the key is refused"),
    Kind("402", "", "the plan is not paid for"),
    Kind("403", "", "the key, or the address that asks, is refused"),
    Kind("404", "", "there is no such thing"),
    Kind("refused", "", "the connection is refused: a pattern that fits the host takes all of it"),
    Kind("no-host", "", "the host's name is not resolved; the pattern as with `refused`"),
    Kind("reset", "", "the connection is torn down instead of an answer"),
    Kind("slow-head", "SECONDS", "nothing comes for so long, then the answer"),
    Kind("slow", "SECONDS", "half of the body comes, and so much later the rest"),
    Kind("drip", "SECONDS", "the body comes byte by byte, one in so many seconds"),
    Kind("stall", "", "half of the body comes, and then nothing more"),
    Kind("truncate", "", "half of the promised body comes, then the connection is closed"),
    Kind("gzip-bomb", "", "a body of half a megabyte that unpacks to 500"),
    Kind("huge", "", "a body of 500 megabytes"),
    Kind("utf-16", "", "the body in another encoding than the one that is told"),
    Kind("html", "", "a page, with status 200"),
    Kind("empty", "", "an empty list, with status 200"),
    Kind("error-object", "", "the vendor's error, with status 200"),
    Kind("redirect", "URL", "a redirect to there"),
    Kind("loop", "", "a redirect to the same address"),
    Kind("shape", "", "a list where an object should be, or the other way round"),
    Kind("missing", "FIELD", "a field is missing from every object"),
    Kind("extra", "", "every object has a field that nobody knows"),
    Kind("string", "", "text where the numbers of one row should be"),
    Kind("quoted", "", "all numbers are written as strings"),
    Kind("nan", "", "NaN where the numbers of one row should be"),
    Kind("overflow", "", "1e400 where the numbers of one row should be"),
    Kind("null", "", "null where the numbers of one row should be"),
    Kind("negative", "", "the numbers of one row are below zero"),
    Kind("duplicate", "", "a row comes twice"),
    Kind("unordered", "", "the rows come in another order"),
    Kind("gaps", "", "every third row is missing"),
    Kind("unit", "", "the times are in seconds for milliseconds, or the other way round"),
)
WRITTEN = ", ".join(kind.written for kind in KINDS)

_ARGUMENTS: Mapping[Argument, str] = {
    "": "",
    "SECONDS": r"\d+(\.\d+)?",
    "TEXT": r"[ -~]+",
    "URL": r".+",
    "FIELD": r".+",
}


def is_action(text: str) -> bool:
    """Whether a text is a fault with an argument that fits it."""
    name, colon, argument = text.partition(":")
    return any(
        name == kind.name
        and bool(colon) == bool(kind.argument)
        and re.fullmatch(_ARGUMENTS[kind.argument], argument)
        for kind in KINDS
    )
