"""Every fault of the sandbox, how it is tried, and what it asks of a provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ..client import Limits

#: What a fault asks of a provider.
#: passing: its error reaches the framework, which tries again; then the same rows come.
#: refusing: its error reaches the framework, and is not "not covered".
#: broken: an error of the framework's, not "no data".
#: harmless: the same rows as without it.
#: spoiling: an error, or rows that are right as far as they go.
Family = Literal["passing", "refusing", "broken", "harmless", "spoiling"]


#: An answer that does not come is given up quickly here; one of 500 MB, after the first eight.
_HASTY = Limits(connect=0.3, read=0.3, total=0.3)
_SMALL = Limits(body=8 * 2**20)

#: Every fault of the sandbox, with the argument with which it is tried.
FAMILIES: Mapping[str, tuple[Family, str, Limits | None]] = {
    "429": ("passing", "429", None),
    "429:TEXT": ("passing", "429:0", None),
    "429-date:SECONDS": ("passing", "429-date:0", None),
    "429-reset:SECONDS": ("passing", "429-reset:0", None),
    "500": ("passing", "500", None),
    "502": ("passing", "502", None),
    "503": ("passing", "503", None),
    "504": ("passing", "504", None),
    "401": ("refusing", "401", None),
    "402": ("refusing", "402", None),
    "403": ("refusing", "403", None),
    "404": ("broken", "404", None),
    "refused": ("broken", "refused", None),
    "no-host": ("broken", "no-host", None),
    "reset": ("passing", "reset", None),
    "slow-head:SECONDS": ("harmless", "slow-head:0.01", None),
    "slow:SECONDS": ("harmless", "slow:0.01", None),
    "drip:SECONDS": ("broken", "drip:0.1", _HASTY),
    "stall": ("broken", "stall", _HASTY),
    "truncate": ("passing", "truncate", None),
    "gzip-bomb": ("broken", "gzip-bomb", _SMALL),
    "huge": ("broken", "huge", _SMALL),
    "utf-16": ("broken", "utf-16", None),
    "html": ("passing", "html", None),
    "empty": ("spoiling", "empty", None),
    "error-object": ("broken", "error-object", None),
    "redirect:URL": ("broken", "redirect:https://elsewhere.example/", None),
    "loop": ("broken", "loop", None),
    "shape": ("broken", "shape", None),
    "missing:FIELD": ("spoiling", "missing:", None),
    "extra": ("harmless", "extra", None),
    "string": ("spoiling", "string", None),
    "quoted": ("spoiling", "quoted", None),
    "nan": ("spoiling", "nan", None),
    "overflow": ("spoiling", "overflow", None),
    "null": ("spoiling", "null", None),
    "negative": ("spoiling", "negative", None),
    "duplicate": ("harmless", "duplicate", None),
    "unordered": ("harmless", "unordered", None),
    "gaps": ("spoiling", "gaps", None),
    "unit": ("spoiling", "unit", None),
}
#: Those that every trial includes: refusals, and trouble that passes.
REFUSALS = ("401", "403", "429", "500", "html")
