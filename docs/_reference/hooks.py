"""Every hook that a plugin may implement."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from datalake import hookspecs


def text() -> str:
    """A section for each hook: how it is written, and what it is for."""
    return "\n\n".join(
        f"## `{name}`\n\n```python\n@hookimpl\ndef {name}{_signature(hook)}: ...\n```\n\n"
        f"{inspect.getdoc(hook)}"
        for name, hook in specified()
    )


def specified() -> Iterator[tuple[str, Callable[..., Any]]]:
    """The functions that carry pluggy's mark, in the order in which they are written."""
    for name, value in vars(hookspecs).items():
        if hasattr(value, "datalake_spec"):
            yield name, value


def _signature(hook: Callable[..., Any]) -> str:
    return str(inspect.signature(hook)).replace("'", "")
