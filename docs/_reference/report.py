"""Every field of the run report, from its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .markdown import code, table

SCHEMA = Path(__file__).parents[1] / "reference" / "run-report.schema.json"


def text() -> str:
    """A table of all fields, by their paths."""
    return table(("field", "type", "what it says"), fields())


def fields() -> Iterator[tuple[str, str, str]]:
    """Each field: where it is, its type, its meaning."""
    yield from _below(json.loads(SCHEMA.read_text(encoding="utf-8")), "")


def _below(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    below = [
        (f"{path}.{name}".lstrip("."), one) for name, one in schema.get("properties", {}).items()
    ]
    more = schema.get("additionalProperties")
    below += [(f"{path}.NAME", more)] * (isinstance(more, dict) and "description" in more)
    for name, one in below:
        yield code(name), _type(one), one.get("description", "")
        yield from _below(one, name)
        yield from _below(one.get("items", {}), f"{name}[]")


def _type(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(code(json.dumps(one)) for one in schema["enum"])
    kind = schema.get("format") or schema.get("type") or "any"
    return " or ".join([kind] if isinstance(kind, str) else kind)
