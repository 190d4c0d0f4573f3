"""A store is named by a URL or a plain path."""

import os

import pytest

from datalake.errors import ConfigError
from datalake.stores import ABSENT, open_store
from datalake.stores.local import LocalStore
from datalake.stores.memory import MemoryStore


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("lake", "{here}/lake"),
        ("./.datalake", "{here}/.datalake"),
        ("/data/lake", "/data/lake"),
        ("file:lake", "{here}/lake"),
        ("file:/data/lake", "/data/lake"),
        ("file:///data/lake", "/data/lake"),
        ("file://localhost/data/lake", "/data/lake"),
        ("file:///data/my%20lake", "/data/my lake"),
        ("FILE:///data/lake", "/data/lake"),
        ("a folder: with a colon", "{here}/a folder: with a colon"),
        ("C:lake", "{here}/C:lake"),
    ],
)
def test_folders(url, root, tmp_path, monkeypatch):
    """Plain paths and file: URLs are folders; relative ones start in the working directory."""
    monkeypatch.chdir(tmp_path)
    store = open_store(url, {})
    assert isinstance(store, LocalStore)
    assert str(store.root) == root.format(here=os.fspath(tmp_path))
    assert store.url == f"file://{store.root}"


def test_home(monkeypatch):
    """A tilde is the user's home."""
    monkeypatch.setenv("HOME", "/home/somebody")
    assert open_store("~/lake", {}).url == "file:///home/somebody/lake"


def test_memory():
    """Each store in memory is a new one."""
    one, other = open_store("memory:", {}), open_store("memory://", {})
    assert isinstance(one, MemoryStore)
    one.put("a", b"", {}, if_generation=ABSENT)
    assert other.get("a") is None


def test_plugins_bring_schemes():
    """A plugin's opener gets the whole URL."""
    store = MemoryStore()
    seen = []
    assert open_store("acme://b/p", {"acme": lambda url: seen.append(url) or store}) is store
    assert seen == ["acme://b/p"]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("gss://bucket", "acme:, file:, gs:, memory:"),
        ("s3://bucket/prefix", "no store is known for s3:"),
        ("file://server/share", "file:///server/share"),
        ("memory:name", "write memory:"),
        ("  ", "empty"),
    ],
)
def test_refused(url, told):
    """What cannot be opened is said with what can."""
    with pytest.raises(ConfigError, match=told):
        open_store(url, {"acme": lambda url: MemoryStore()})
