"""The folder store: files any tool can read, and what becomes of it when things go wrong."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from datalake.errors import Conflict, ReadOnly, StoreError
from datalake.stores import ABSENT
from datalake.stores.local import LocalStore
from datalake.stores.sidecar import sidecar_of

KEY = "series/a.parquet"

#: Writes numbers with the condition on what is there, says each that is committed; killed by
#: itself just before the given effect (file opened, renamed, removed …) of the last write.
WRITER = """
import os, signal, sys
from datalake.stores import ABSENT
from datalake.stores.local import LocalStore
root, key, times, kill_at = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
store = LocalStore(root)
effects = 0
def hook(event, arguments):
    global effects
    if armed and event in ("open", "os.rename", "os.remove", "os.mkdir", "fcntl.flock"):
        effects += 1
        if effects == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
armed = False
sys.addaudithook(hook)
for number in range(times):
    found = store.get(key)
    last = int(found.data[:10]) if found else 0
    armed = kill_at > 0 and number == times - 1
    data = b"%010d" % (last + 1) * 5000
    store.put(key, data, {"number": str(last + 1)}, if_generation=found.generation if found else "")
    armed = False
    print(last + 1, flush=True)
"""


@contextmanager
def writing(root, times, kill_at=0):
    command = [sys.executable, "-c", WRITER, str(root), KEY, str(times), str(kill_at)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        try:
            yield writer
        finally:
            writer.kill()


def number_in(store):
    """The number that is stored; data and metadata must tell the same one."""
    found = store.get(KEY)
    if found is None:
        return 0
    number = int(found.data[:10])
    assert found.data == b"%010d" % number * 5000
    assert found.metadata == {"number": str(number)}
    return number


def temporaries(root):
    return list(Path(root).rglob(".tmp-*"))


def test_killed_before_every_single_effect(tmp_path):
    """SIGKILL before each step of a write: old or new object, whole, with its own metadata."""
    outcomes = []
    for kill_at in range(1, 40):
        root = tmp_path / str(kill_at)
        with writing(root, 2, kill_at) as writer:
            told, _ = writer.communicate()
        store = LocalStore(root)
        outcomes.append(number_in(store))
        assert outcomes[-1] >= len(told.split())
        after = store.put(KEY, b"next", {}, if_generation=store.get(KEY).generation)
        assert store.get(KEY).generation == after
        if writer.returncode == 0:
            break
    assert writer.returncode == 0, "a write has more effects than were tried"
    assert outcomes == sorted(outcomes)
    assert outcomes.count(1) >= 5
    assert outcomes[-1] == 2


@pytest.mark.parametrize("rounds", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_killed_at_any_instant(tmp_path, rounds):
    """SIGKILL at random points among four writers: nothing acknowledged is lost or torn."""
    chance = random.Random(20260315)
    store, acknowledged = LocalStore(tmp_path), 0
    for _ in range(rounds):
        with writing(tmp_path, 10_000) as writer:
            for _ in range(chance.randint(1, 40)):
                acknowledged = int(writer.stdout.readline())
            writer.kill()
            rest = writer.stdout.read().split()
        acknowledged = max([acknowledged, *map(int, rest)])
        assert number_in(store) in (acknowledged, acknowledged + 1)


def test_readers_never_see_a_mixture(tmp_path):
    """While one process rewrites the object, reads and listings tell of one state each."""
    store = LocalStore(tmp_path)
    seen = []
    with writing(tmp_path, 120) as writer:
        writer.stdout.readline()
        while writer.poll() is None:
            seen.append(number_in(store))
            assert [(entry.key, len(entry.metadata)) for entry in store.list()] == [(KEY, 1)]
    assert seen == sorted(seen)
    assert number_in(store) == 120


def test_data_without_sidecar_stand_for_themselves(tmp_path):
    """A file that somebody put there is shown without metadata, and can be replaced or deleted."""
    store = LocalStore(tmp_path)
    (tmp_path / "a").write_bytes(b"theirs")
    found = store.get("a")
    assert (found.data, found.metadata) == (b"theirs", {})
    assert [entry.generation for entry in store.list()] == [found.generation]
    with pytest.raises(Conflict):
        store.put("a", b"ours", {}, if_generation=ABSENT)
    store.put("a", b"ours", {"by": "us"}, if_generation=found.generation)
    assert store.get("a").metadata == {"by": "us"}


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b"{", b'[{"sha256": 1}]', b"[" * 100_000, b"\xff\xfe", b"[1]"]
)
def test_damaged_sidecar(tmp_path, content):
    """With a sidecar that cannot be read the object has no metadata, and is replaced as usual."""
    store = LocalStore(tmp_path)
    store.put("a", b"1", {"by": "us"}, if_generation=ABSENT)
    sidecar_of(tmp_path / "a").write_bytes(content)
    found = store.get("a")
    assert (found.data, found.metadata) == (b"1", {})
    assert [entry.metadata for entry in store.list()] == [{}]
    store.put("a", b"2", {"by": "us"}, if_generation=found.generation)
    assert store.get("a").metadata == {"by": "us"}


def test_bit_rot_shows(tmp_path):
    """One flipped bit and the metadata no longer count, though size and time are unchanged."""
    store = LocalStore(tmp_path)
    store.put("a", b"a" * 1000, {"sha256": "…"}, if_generation=ABSENT)
    before = (tmp_path / "a").stat()
    (tmp_path / "a").write_bytes(b"a" * 999 + b"c")
    os.utime(tmp_path / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
    found = store.get("a")
    assert found.metadata == {}
    store.put("a", b"new", {}, if_generation=found.generation)
    assert store.get("a").data == b"new"


def test_a_copied_lake_is_the_same_lake(tmp_path):
    """Copied without times, listing and reading agree and keep the metadata."""
    store = LocalStore(tmp_path / "one")
    generation = store.put("x/a", b"1", {"by": "us"}, if_generation=ABSENT)
    subprocess.run(["cp", "-r", str(tmp_path / "one"), str(tmp_path / "two")], check=True)
    os.utime(tmp_path / "two/x/a", (1, 1))
    copied = LocalStore(tmp_path / "two")
    assert [(e.generation, e.metadata) for e in copied.list()] == [(generation, {"by": "us"})]
    assert copied.get("x/a").generation == generation


def test_leftovers_of_killed_writers(tmp_path):
    """They are in no listing; those older than an hour go away with the next write or listing."""
    store = LocalStore(tmp_path)
    (tmp_path / "x").mkdir()
    old, young, elsewhere = (tmp_path / name for name in ("x/.tmp-1", "x/.tmp-2", ".tmp-3"))
    for path in (old, young, elsewhere):
        path.write_bytes(b"half")
    for path in (old, elsewhere):
        os.utime(path, (time.time() - 3700, time.time() - 3700))
    store.put("x/a", b"1", {}, if_generation=ABSENT)
    assert temporaries(tmp_path / "x") == [young]
    assert [entry.key for entry in store.list()] == ["x/a"]
    assert temporaries(tmp_path) == [young]


def test_a_full_disk_keeps_the_old_object(tmp_path):
    """A write that the system cuts short is an error; the old object stands and nothing is left."""
    store = LocalStore(tmp_path)
    store.put("a", b"old", {"by": "us"}, if_generation=ABSENT)
    program = """
import resource, sys
from datalake.stores.local import LocalStore
store = LocalStore(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
store.put("a", b"x" * 100_000, {}, if_generation=store.get("a").generation)
"""
    told = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert "StoreError" in told.stderr
    assert str(tmp_path) in told.stderr.splitlines()[-1]
    assert store.get("a").data == b"old"
    assert store.get("a").metadata == {"by": "us"}
    assert temporaries(tmp_path) == []


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_file_in_the_folders_place(tmp_path, place):
    """Every method says which path is in the way, and what to do."""
    (tmp_path / "file").write_bytes(b"")
    store = LocalStore(tmp_path / place)
    for action in (
        lambda: store.put("a", b"", {}, if_generation=ABSENT),
        lambda: LocalStore(tmp_path / "file").get("a"),
        lambda: list(LocalStore(tmp_path / "file").list()),
    ):
        with pytest.raises(StoreError, match=str(tmp_path / "file")) as caught:
            action()
        assert "move it, or choose another one" in str(caught.value)


@pytest.fixture
def somebody():
    """A folder that others may read; until the end of the test this process is somebody else."""
    folder = Path(tempfile.mkdtemp())
    LocalStore(folder).put("a", b"1", {}, if_generation=ABSENT)
    subprocess.run(["chmod", "-R", "a+rX,a-w", folder], check=True)
    root = os.geteuid() == 0  # who may write everywhere
    if root:
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    subprocess.run(["chmod", "-R", "u+w", folder], check=True)
    shutil.rmtree(folder)


def test_a_folder_that_may_only_be_read(somebody):
    """It is read and listed; a write is refused as such, with the place and what to do."""
    store = LocalStore(somebody)
    assert store.get("a").data == b"1"
    assert [entry.key for entry in store.list()] == ["a"]
    for write in (
        lambda: store.put("a", b"2", {}, if_generation=store.get("a").generation),
        lambda: store.put("b/c", b"2", {}, if_generation=ABSENT),
        lambda: store.delete("a"),
    ):
        with pytest.raises(ReadOnly, match=rf"{somebody}.*give this user access"):
            write()
    assert store.get("a").data == b"1"


def test_a_folder_that_may_not_be_made(somebody):
    """That is a mistake, and not a store to be read."""
    with pytest.raises(StoreError, match="give this user access") as told:
        LocalStore(somebody / "lake").put("a", b"", {}, if_generation=ABSENT)
    assert not isinstance(told.value, ReadOnly)


def test_reading_a_store_that_is_not_there_yet(tmp_path):
    """Nothing is found, and nothing is made by looking."""
    store = LocalStore(tmp_path / "lake")
    assert store.get("a/b") is None
    assert list(store.list()) == []
    store.delete("a")
    assert list(tmp_path.iterdir()) == []


def test_the_sidecar_is_plain_json(tmp_path):
    """Another tool can check an object: sha256, generation and metadata are in the open."""
    store = LocalStore(tmp_path)
    generation = store.put("a", b"1", {"by": "us"}, if_generation=ABSENT)
    (newest,) = json.loads((tmp_path / ".a.meta").read_bytes())
    assert newest["generation"] == generation
    assert newest["metadata"] == {"by": "us"}
    assert newest["sha256"].startswith("6b86b273ff34fce1")


def test_writers_of_one_key_wait_for_each_other(tmp_path):
    """With the key locked by somebody else, a write neither fails nor goes ahead."""
    store = LocalStore(tmp_path)
    with store._locked("a"):
        thread = threading.Thread(
            target=store.put, args=["a", b"1", {}], kwargs={"if_generation": ""}
        )
        thread.start()
        assert store.get("a") is None
    thread.join()
    assert store.get("a").data == b"1"
