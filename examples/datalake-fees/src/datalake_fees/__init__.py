"""What this package brings to datalake: a provider, a store and a reducer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from datalake import Provider, Store, hookimpl

from .provider import FEES
from .reducers import tokens
from .sqlite import open_sqlite


@hookimpl
def register_providers() -> Iterable[Provider]:
    """Fees, by DefiLlama."""
    return [FEES]


@hookimpl
def register_stores() -> Mapping[str, Callable[[str], Store]]:
    """`--cache sqlite:lake.db`."""
    return {"sqlite": open_sqlite}


@hookimpl
def register_reducers() -> Mapping[str, Any]:
    """`{reduce: tokens, of: members}`."""
    return {"tokens": tokens}
