"""Trustworthy crypto data for products: pluggable providers, one shared cache, canonical assets."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .cache.manager import GCSCachingManager
    from .client import Client
    from .errors import (
        ConfigError,
        Conflict,
        DatalakeError,
        FetchError,
        Held,
        NotFound,
        PluginError,
        ReadOnly,
        Refused,
        Rejected,
        SchemaError,
        StoreError,
        Unavailable,
    )
    from .explaining.explain import Explained
    from .hookspecs import hookimpl
    from .library.lake import Lake
    from .library.opening import open
    from .library.running import run
    from .models import (
        Asset,
        CatalogueEntry,
        Column,
        Dataset,
        Key,
        Plan,
        Provider,
        Quota,
        Rate,
        Stamp,
        Window,
    )
    from .running.result import Result
    from .stores import ABSENT, Entry, Store, Stored, check_key, check_prefix

_HOME = {
    **dict.fromkeys(("GCSCachingManager",), "cache.manager"),
    **dict.fromkeys(("Client",), "client"),
    **dict.fromkeys(
        (
            "ConfigError",
            "Conflict",
            "DatalakeError",
            "FetchError",
            "Held",
            "NotFound",
            "PluginError",
            "ReadOnly",
            "Refused",
            "Rejected",
            "SchemaError",
            "StoreError",
            "Unavailable",
        ),
        "errors",
    ),
    **dict.fromkeys(("hookimpl",), "hookspecs"),
    **dict.fromkeys(("Explained",), "explaining.explain"),
    **dict.fromkeys(("Lake",), "library.lake"),
    **dict.fromkeys(("open",), "library.opening"),
    **dict.fromkeys(("run",), "library.running"),
    **dict.fromkeys(("Result",), "running.result"),
    **dict.fromkeys(
        (
            "Asset",
            "CatalogueEntry",
            "Column",
            "Dataset",
            "Key",
            "Plan",
            "Provider",
            "Quota",
            "Rate",
            "Stamp",
            "Window",
        ),
        "models",
    ),
    **dict.fromkeys(("ABSENT", "Entry", "Store", "Stored", "check_key", "check_prefix"), "stores"),
}

__all__ = [
    "ABSENT",
    "Asset",
    "CatalogueEntry",
    "Client",
    "Column",
    "ConfigError",
    "Conflict",
    "DatalakeError",
    "Dataset",
    "Entry",
    "Explained",
    "FetchError",
    "GCSCachingManager",
    "Held",
    "Key",
    "Lake",
    "NotFound",
    "Plan",
    "PluginError",
    "Provider",
    "Quota",
    "Rate",
    "ReadOnly",
    "Refused",
    "Rejected",
    "Result",
    "SchemaError",
    "Stamp",
    "Store",
    "StoreError",
    "Stored",
    "Unavailable",
    "Window",
    "__version__",
    "check_key",
    "check_prefix",
    "hookimpl",
    "open",
    "run",
]


def __getattr__(name: str) -> Any:
    """Public names load on first use: `datalake --help` must not pay for a run."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
