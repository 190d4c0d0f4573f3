"""The shipped conformance suite, for the two stores that are built in."""

from pathlib import Path

from datalake.stores.memory import MemoryStore
from datalake.testing import StoreTests


class TestMemory(StoreTests):
    opener = "datalake.stores.opening:open_memory"
    shared = False

    def url(self, place):
        return "memory:"

    def peek(self, store: MemoryStore, key):
        found = store._objects.get(key)
        return found[0].data if found else None


class TestFile(StoreTests):
    opener = "datalake.stores.opening:open_local"

    def url(self, place):
        return f"file://{place}/lake"

    def peek(self, store, key):
        path = Path(store.root, key)
        return path.read_bytes() if path.exists() else None
