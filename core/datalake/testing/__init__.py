"""What plugin authors test with: conformance suites, to be subclassed.

They load on first use: pytest asks for this package in every project in which it is installed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .providers import ProviderTests
    from .stores import StoreTests

__all__ = ["ProviderTests", "StoreTests"]

_HOME = {"ProviderTests": "providers", "StoreTests": "stores"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
