"""Every key of `datalake.toml`, and every variable."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

import attrs

from datalake.environment import VARIABLES
from datalake.settings import Settings

from .markdown import code, idea, items, table
from .providers import registry

WORDS = {str: "text", int: "whole number", float: "number"}


def text() -> str:
    """A section for each section of the file."""
    return "\n\n".join(part for field in attrs.fields(Settings) for part in _section(field))


def _section(field: Any) -> Iterator[str]:
    yield f"## `[{field.name}]`"
    kind = get_type_hints(Settings)[field.name]
    if not attrs.has(kind):
        yield f"{_sentence(items(Settings)[field.name])}"
        yield f"Each key is a provider's name, each value {_type(get_args(kind)[1])}."
        return
    yield idea(kind)
    said, hints = items(kind), get_type_hints(kind)
    rows = (
        (code(one.name), _type(hints[one.name]), _default(one, kind), said[one.name])
        for one in attrs.fields(kind)
    )
    yield table(("key", "type", "default", "what it says"), rows)


def _sentence(said: str) -> str:
    return said[0].upper() + said[1:]


def _type(hint: Any) -> str:
    options = [one for one in get_args(hint) if one is not types.NoneType]
    if get_origin(hint) is types.UnionType:
        return _type(options[0])
    if options:
        return f"a section: {_type(options[1])} by name"
    return WORDS.get(hint, getattr(hint, "__name__", str(hint)).lower())


def _default(field: Any, kind: type) -> str:
    value = getattr(kind(), field.name)
    if isinstance(value, dict):
        return ", ".join(code(f"{name} = {one:g}") for name, one in value.items())
    return "none" if value is None else code(value)


def variables() -> str:
    """A table of the variables: our own, then those of the providers."""
    rows = [(code(name), said) for name, said in VARIABLES.items()]
    for provider in registry().providers.values():
        rows += [(code(name), f"a key of {provider.title}") for name in provider.variables()]
        plans = ", ".join(code(plan.name) for plan in provider.plans)
        rows.append(
            (code(f"{provider.name.upper()}_PLAN"), f"your plan at {provider.title}: {plans}")
        )
    return table(("variable", "what it says"), rows)
