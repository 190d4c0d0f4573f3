"""The conformance suite for stores: what every store promises, checked behind its back.

class TestAcme(StoreTests):
    opener = "datalake_acme:open_store"

    def url(self, place):
        return f"acme://{place}"

    def peek(self, store, key):
        return my_own_client.read(key)      # never through the store
"""

# ruff: noqa: S101 - a test suite asserts

from __future__ import annotations

import threading
import unittest
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import ClassVar

from ..errors import Conflict, DatalakeError, StoreError
from ..stores import ABSENT, Store, Stored
from ..stores.ranges import Ranged
from .racing import count_up, load_opener, race

#: None of these may be stored, nor reach anything outside the store.
REFUSED_KEYS = (
    "", "/", "/etc/passwd", "a//b", "a/", "..", "a/../b", "../a", "a/..", ".", "a/./b", ".hidden",
    "nul\0byte", "new\nline", "back\\slash", "tab\t", "delete\x7f", "x" * 256, "a/" + "ü" * 128,
    "lone \ud800 surrogate",
)  # fmt: skip
#: All of these are keys, and no two of them the same object.
KEYS = (
    "a", "b/c", "b/c.d", "b-c", "b/asset=btc/series.parquet", "b/asset=%42%54%43/series.parquet",
    "b/asset=usd%2Fcoin", "ünïcode/日本", "with space/and+plus&more", "x" * 255,
    "long/" * 40 + "end",
)  # fmt: skip


class StoreTests:
    """Subclass it, give `opener`, `url` and `peek`, and let pytest run it.

    `opener` names a function `module:function` from URL to store. Two stores of one URL see the
    same objects, in this process and in others, unless `shared` is False.
    """

    opener: ClassVar[str]
    shared: ClassVar[bool] = True

    def url(self, place: Path) -> str:
        """The URL of an empty store; `place` is an empty folder to put it, if it needs one."""
        raise NotImplementedError

    def peek(self, store: Store, key: str) -> bytes | None:
        """What really lies under a key, read without the store; None where nothing does."""
        raise NotImplementedError

    def open(self, place: Path) -> Store:
        return load_opener(self.opener)(self.url(place))

    def test_what_is_put_is_there(self, tmp_path: Path) -> None:
        """Bytes and metadata come back as they were, and the bytes are really stored."""
        store = self.open(tmp_path)
        every_byte = bytes(range(256)) * 33
        generation = store.put("a/b", every_byte, {"rows": "7", "empty": ""}, if_generation=ABSENT)
        found = store.get("a/b")
        assert found is not None
        assert (found.data, found.generation) == (every_byte, generation)
        assert dict(found.metadata) == {"rows": "7", "empty": ""}
        assert self.peek(store, "a/b") == every_byte

    def test_a_part_is_what_the_whole_has_there(self, tmp_path: Path) -> None:
        """`get_range`, where the store has it: so many bytes, fewer only at the end, None for no
        object."""
        store = self.open(tmp_path)
        if not isinstance(store, Ranged):
            raise unittest.SkipTest("the store has no get_range, and is read whole")
        data = bytes(range(256)) * 33
        store.put("a/b", data, {}, if_generation=ABSENT)
        for start, size in ((0, 1), (255, 3), (8_000, 448), (8_000, 9_000), (8_447, 1)):
            assert store.get_range("a/b", start, size) == data[start : start + size]
        assert store.get_range("a/c", 0, 9) is None

    def test_a_listing_may_be_out_of_date(self, tmp_path: Path) -> None:
        """`get` gives what a listing saw or what lies there now, and never a mixture of both."""
        store = self.open(tmp_path)
        old = Stored(b"1", store.put("a", b"1", {"n": "1"}, if_generation=ABSENT), {"n": "1"})
        (listed,) = store.list()
        assert _same(store.get("a", known=listed), old)
        generation = store.put("a", b"22", {"n": "2"}, if_generation=old.generation)
        new = Stored(b"22", generation, {"n": "2"})
        found = store.get("a", known=listed)
        assert _same(found, new) or _same(found, old)
        assert _same(store.get("a"), new)
        store.delete("a")
        found = store.get("a", known=listed)
        assert found is None or _same(found, old)

    def test_nothing_is_not_empty(self, tmp_path: Path) -> None:
        """A missing object is None; an empty one is there."""
        store = self.open(tmp_path)
        assert store.get("a") is None
        assert self.peek(store, "a") is None
        store.put("a", b"", {}, if_generation=ABSENT)
        found = store.get("a")
        assert found is not None
        assert found.data == b""

    def test_every_write_is_a_new_generation(self, tmp_path: Path) -> None:
        """Even the same bytes again, or after a delete: a generation never comes back."""
        store = self.open(tmp_path)
        seen = [store.put("a", b"1", {}, if_generation=ABSENT)]
        seen.append(store.put("a", b"1", {}, if_generation=seen[-1]))
        store.delete("a")
        seen.append(store.put("a", b"1", {}, if_generation=ABSENT))
        assert len({ABSENT, *seen}) == 4

    def test_create_only_if_absent(self, tmp_path: Path) -> None:
        """A second creator is told so, and changes nothing."""
        store = self.open(tmp_path)
        store.put("a", b"first", {"by": "first"}, if_generation=ABSENT)
        assert _raises(Conflict, partial(store.put, "a", b"second", {}, if_generation=ABSENT))
        assert self.peek(store, "a") == b"first"

    def test_replace_only_if_unchanged(self, tmp_path: Path) -> None:
        """A writer who read an older state is told so, and changes neither bytes nor metadata."""
        store = self.open(tmp_path)
        old = store.put("a", b"1", {}, if_generation=ABSENT)
        new = store.put("a", b"2", {"by": "rival"}, if_generation=old)
        assert _raises(Conflict, partial(store.put, "a", b"3", {}, if_generation=old))
        assert _raises(Conflict, partial(store.put, "b", b"3", {}, if_generation=old))
        found = store.get("a")
        assert found is not None
        assert (found.data, found.generation, dict(found.metadata)) == (b"2", new, {"by": "rival"})
        assert self.peek(store, "b") is None

    def test_delete(self, tmp_path: Path) -> None:
        """Deleting removes the object, twice is once, and a condition protects a newer state."""
        store = self.open(tmp_path)
        old = store.put("a", b"1", {}, if_generation=ABSENT)
        new = store.put("a", b"2", {}, if_generation=old)
        assert _raises(Conflict, partial(store.delete, "a", if_generation=old))
        assert self.peek(store, "a") == b"2"
        store.delete("a", if_generation=new)
        assert self.peek(store, "a") is None
        assert store.get("a") is None
        store.delete("a")
        store.delete("a", if_generation=new)

    def test_list(self, tmp_path: Path) -> None:
        """A listing has what `get` has, in order of keys, by any prefix."""
        store = self.open(tmp_path)
        keys = ["b-c", "b/c/d", "a", "b/e", "bb"]
        made = {key: store.put(key, key.encode(), {"k": key}, if_generation=ABSENT) for key in keys}
        entries = list(store.list())
        assert [entry.key for entry in entries] == sorted(keys)
        assert {entry.key: entry.generation for entry in entries} == made
        assert all(entry.size == len(entry.key) for entry in entries)
        assert all(dict(entry.metadata) == {"k": entry.key} for entry in entries)
        ages = [datetime.now(timezone.utc) - entry.updated for entry in entries]
        assert all(abs(age) < timedelta(hours=1) for age in ages)
        for prefix in ("b", "b/", "b/c", "b/c/", "b/c/d", "c", "b/x/y"):
            found = [entry.key for entry in store.list(prefix)]
            assert found == sorted(key for key in keys if key.startswith(prefix)), prefix
        store.delete("a")
        assert "a" not in [entry.key for entry in store.list()]

    def test_keys_stay_apart(self, tmp_path: Path) -> None:
        """Unusual names are names like others."""
        store = self.open(tmp_path)
        for key in KEYS:
            store.put(key, key.encode(), {}, if_generation=ABSENT)
        for key in KEYS:
            assert self.peek(store, key) == key.encode()
        assert [entry.key for entry in store.list()] == sorted(KEYS)

    def test_refused_keys(self, tmp_path: Path) -> None:
        """A key that could mean something else, or lie elsewhere, is refused and does nothing."""
        store = self.open(tmp_path)
        for key in REFUSED_KEYS:
            assert _raises(StoreError, partial(store.get, key)), key
            assert _raises(StoreError, partial(store.put, key, b"", {}, if_generation=ABSENT)), key
            assert _raises(StoreError, partial(store.delete, key)), key
        assert list(store.list()) == []

    def test_url_has_no_secret(self, tmp_path: Path) -> None:
        """The store says where it is; user names and passwords are not part of that."""
        url = self.open(tmp_path).url
        assert url
        assert "@" not in url

    def test_threads_lose_nothing(self, tmp_path: Path) -> None:
        """Threads that share one store count to the right number."""
        store = self.open(tmp_path)
        _together([partial(count_up, store, "n", 12)] * 6)
        assert self.peek(store, "n") == b"72"
        found = store.get("n")
        assert found is not None
        assert found.metadata["number"] == "72"

    def test_one_creator_wins(self, tmp_path: Path) -> None:
        """Of many who create one object at once, exactly one succeeds."""
        store = self.open(tmp_path)
        for number in range(8):
            won: list[str] = []
            _together([partial(_create, store, f"n{number}", won)] * 6)
            assert len(won) == 1
            assert self.peek(store, f"n{number}") == won[0].encode()

    def test_processes_lose_nothing(self, tmp_path: Path) -> None:
        """Processes that share one URL count to the right number."""
        if not self.shared:
            raise unittest.SkipTest("this store lives in one process")
        race(self.opener, self.url(tmp_path), "n", processes=4, times=15)
        assert self.peek(self.open(tmp_path), "n") == b"60"


def _same(one: Stored | None, other: Stored) -> bool:
    return one is not None and (one.data, one.generation, dict(one.metadata)) == (
        other.data,
        other.generation,
        dict(other.metadata),
    )


def _create(store: Store, key: str, won: list[str]) -> None:
    name = threading.current_thread().name
    if not _raises(Conflict, partial(store.put, key, name.encode(), {}, if_generation=ABSENT)):
        won.append(name)


def _together(jobs: list[Callable[[], None]]) -> None:
    """Run all jobs at once, each in a thread; the first that fails is raised."""
    failed: list[BaseException] = []
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], None]) -> None:
        gate.wait()
        try:
            job()
        except BaseException as error:  # it is raised by the test's own thread
            failed.append(error)

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def _raises(kind: type[DatalakeError], action: Callable[[], object]) -> bool:
    try:
        action()
    except kind:
        return True
    return False
