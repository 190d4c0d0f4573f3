"""Opens a store for work: a remote one is read through a mirror on this machine."""

from __future__ import annotations

from collections.abc import Mapping

from ..plugins import Registry
from ..settings import CacheSettings
from ..stores import Store, open_store
from ..stores.local import LocalStore
from ..stores.memory import MemoryStore
from ..stores.mirror import MirroredStore


def open_lake(
    url: str, registry: Registry, environment: Mapping[str, str], settings: CacheSettings
) -> Store:
    """The store at a URL. Raises ConfigError; nothing is asked of a remote store yet."""
    store = open_store(url, registry.stores, environment)
    if isinstance(store, (LocalStore, MemoryStore)) or not settings.mirror_megabytes:
        return store
    return MirroredStore(store, settings.mirror, settings.mirror_megabytes * 1_000_000)
