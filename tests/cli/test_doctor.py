"""`datalake doctor`: what it looks at, and that it notices what would cost data."""

from __future__ import annotations

import json

import pytest

from datalake import doctor
from datalake.errors import StoreError
from datalake.stores import open_store
from datalake.stores.memory import MemoryStore

from .conftest import Line, session

KEY = "CG-canary-4711"


def run(folder, gcs_env, *args, **files):
    line = Line(["doctor", *args], files=files, env=gcs_env)
    return session(folder, {"x": line})["x"]


def states(done):
    return {one["what"]: one["state"] for one in json.loads(done.out)}


def test_all_is_well(gcs, gcs_env, tmp_path):
    """A bucket named in `.env`: real work in a corner of its own, and nothing of it stays."""
    files = {".env": f"GCP_BUCKET_NAME=lake\nCOINGECKO_PRO_API_KEY={KEY}\n"}
    done = run(tmp_path, gcs_env, **files)
    assert done.code == 0, done.err
    assert "all is well" in done.out
    assert "gs://lake" in done.out
    assert "set (not shown), from .env" in " ".join(done.out.split())
    assert KEY not in done.out + done.err
    assert gcs.objects("lake") == {}
    assert {"insert", "media", "delete"} <= set(gcs.operations())
    assert all(
        one.name.startswith("doctor/v1/") for one in gcs.requests if one.operation == "insert"
    )


@pytest.mark.parametrize(
    ("strike", "code", "told"),
    [
        ({"action": "status:403", "operation": "insert"}, 0, "add nothing"),
        ({"action": "status:403"}, 2, "roles/storage.objectViewer"),
        ({"action": "status:401"}, 2, "gcloud auth application-default login"),
    ],
)
def test_what_must_be_put_right(gcs, gcs_env, tmp_path, strike, code, told):
    """Reading without writing is a way to work; no access at all is not."""
    gcs.fault(**strike, times=0)
    done = run(tmp_path, gcs_env, "--cache", "gs://lake")
    assert done.code == code
    assert told in " ".join(done.out.split())


def test_a_missing_bucket(gcs_env, tmp_path):
    """With the command that makes it."""
    done = run(tmp_path, gcs_env, "--cache", "gs://nowhere", "--format", "json")
    assert done.code == 2
    assert states(done)["read"] == "wrong"
    assert "buckets create gs://nowhere" in done.out


class Unconditional(MemoryStore):
    """Takes every write."""

    def put(self, key, data, metadata, *, if_generation):
        found = self.get(key)
        return super().put(key, data, metadata, if_generation=found.generation if found else "")


class NoMetadata(MemoryStore):
    def put(self, key, data, metadata, *, if_generation):
        return super().put(key, data, {}, if_generation=if_generation)


class Forgetful(MemoryStore):
    def list(self, prefix=""):
        return iter(())


class Clinging(MemoryStore):
    def delete(self, key, *, if_generation=None):
        pass


class Full(MemoryStore):
    def put(self, key, data, metadata, *, if_generation):
        raise StoreError("the disk is full")


@pytest.mark.parametrize(
    ("kind", "step", "told"),
    [
        (Unconditional, "conditional write", "lose each other's rows"),
        (NoMetadata, "read back", "does not come back"),
        (Forgetful, "list", "not listed"),
        (Clinging, "delete", "still there"),
        (Full, "write", "the disk is full"),
    ],
)
def test_stores_that_would_cost_data(kind, step, told):
    """Each is noticed at its step, and nothing is left behind where that can be helped."""
    store = kind()
    *_, last = doctor.store(store)
    assert (last.what, last.state) == (step, "wrong")
    assert told in last.detail
    if kind is not Clinging:
        assert store._objects == {}


@pytest.mark.parametrize("url", ["memory:", "lake"])
def test_sound_stores(url, tmp_path, monkeypatch):
    """The built-in ones pass every step."""
    monkeypatch.chdir(tmp_path)
    assert {finding.state for finding in doctor.store(open_store(url, {}))} == {"ok"}
