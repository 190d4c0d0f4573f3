"""The shipped conformance suite, for the two stores that are built in."""

import os
import secrets
from pathlib import Path

import pytest

from datalake.stores.memory import MemoryStore
from datalake.stores.mirror import MirroredStore
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


class TestMirrored(TestFile):
    """A store that is read through a mirror keeps every promise of the store."""

    def open(self, place):
        return MirroredStore(super().open(place), place / "mirror", limit=1 << 20)

    def peek(self, store, key):
        return super().peek(store.store, key)


class TestGcs(StoreTests):
    """The real client over real HTTP, against a server that keeps the rules of the real one."""

    opener = "datalake.stores.opening:open_from_environment"

    @pytest.fixture(autouse=True)
    def _bucket(self, gcs, gcs_env, monkeypatch):
        self.gcs = gcs
        for name, value in gcs_env.items():
            monkeypatch.setenv(name, value)
        yield
        uploads = [one for one in gcs.requests if one.operation in ("insert", "resume", "delete")]
        assert all("ifGenerationMatch" in one.query for one in uploads)

    def url(self, place):
        return "gs://lake/some/prefix"

    def peek(self, store, key):
        return self.gcs.peek("lake", store.prefix + key)


class TestRealBucket(StoreTests):
    """The same on Google's own servers, for whoever has a bucket: DATALAKE_TEST_BUCKET names it.

    Credentials are the default ones; all happens below a prefix that is removed afterwards.
    """

    opener = "datalake.stores.opening:open_from_environment"

    @pytest.fixture(autouse=True)
    def _bucket(self):
        if not os.environ.get("DATALAKE_TEST_BUCKET"):
            pytest.skip("DATALAKE_TEST_BUCKET names no bucket")
        self.prefix = f"datalake-tests/{secrets.token_hex(8)}"
        yield
        store = self.open(Path())
        for entry in list(store.list()):
            store.delete(entry.key)

    def url(self, place):
        return f"gs://{os.environ['DATALAKE_TEST_BUCKET']}/{self.prefix}"

    def peek(self, store, key):
        blob = store._handle.get_blob(store.prefix + key)
        return blob.download_as_bytes() if blob else None
