"""What a plugin can add to datalake: each hook registers values, and the values do the work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from datalake_aggregation import Reducer

    from .models import Provider
    from .stores import Store

hookspec = pluggy.HookspecMarker("datalake")
#: The decorator of a plugin's hooks.
hookimpl = pluggy.HookimplMarker("datalake")


@hookspec
def register_providers() -> Iterable[Provider]:  # type: ignore[empty-body]  # a specification
    """Return the providers that this plugin brings."""


@hookspec
def register_stores() -> Mapping[str, Callable[[str], Store]]:  # type: ignore[empty-body]  # same
    """Return openers of stores by URL scheme, each taking the whole URL."""


@hookspec
def register_reducers() -> Mapping[str, Reducer]:  # type: ignore[empty-body]  # same
    """Return reducers by the name that a mapping gives them: `{reduce: NAME, of: members}`."""
