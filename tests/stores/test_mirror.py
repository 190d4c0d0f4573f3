"""The mirror of a remote store: what it spares, and that it never is more than a copy."""

from __future__ import annotations

import logging
import os

import pytest

from datalake.errors import StoreError
from datalake.stores import ABSENT, open_store
from datalake.stores.mirror import MirroredStore


@pytest.fixture
def far(gcs, gcs_env):
    return open_store("gs://lake", {}, gcs_env)


@pytest.fixture
def mirrored(far, tmp_path):
    return MirroredStore(far, tmp_path / "mirror", 1 << 20)


def fill(store, count, size=100):
    for number in range(count):
        store.put(
            f"series/{number:03}", b"%03d" % number * size, {"n": str(number)}, if_generation=ABSENT
        )


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def read_all(store):
    return {e.key: store.get(e.key, known=e).data for e in list(store.list())}


def test_an_unchanged_bucket_is_not_downloaded_again(far, mirrored, gcs, tmp_path):
    """Another process with the same folder lists once, and that is all."""
    fill(far, 40)
    mirrored.warm(list(mirrored.list()))
    assert gcs.operations().count("media") == 40
    gcs.requests.clear()
    again = MirroredStore(far, tmp_path / "mirror", 1 << 20)
    entries = list(again.list())
    again.warm(entries)
    assert {e.key: again.get(e.key, known=e).data for e in entries} == {
        f"series/{number:03}": b"%03d" % number * 100 for number in range(40)
    }
    assert gcs.operations() == ["list"]


def test_only_what_changed_is_downloaded(far, mirrored, gcs):
    """A rival's write is one download; the older state leaves the folder."""
    fill(far, 10)
    mirrored.warm(list(mirrored.list()))
    size = size_of(mirrored.folder)
    gcs.poke("lake", "series/004", b"new" * 100, {"n": "new"})
    gcs.requests.clear()
    entries = list(mirrored.list())
    mirrored.warm(entries)
    assert gcs.operations() == ["list", "media"]
    found = mirrored.get("series/004", known=entries[4])
    assert (found.data, found.metadata["n"]) == (b"new" * 100, "new")
    assert size_of(mirrored.folder) == size


def test_what_we_wrote_is_not_downloaded(mirrored, gcs):
    """A write leaves its bytes here."""
    fill(mirrored, 3)
    assert len(read_all(mirrored)) == 3
    assert "media" not in gcs.operations()


def test_it_stays_within_its_limit(far, tmp_path):
    """The longest unused go first."""
    fill(far, 30, size=1000)
    mirror = MirroredStore(far, tmp_path, 40_000)
    entries = list(mirror.list())
    mirror.warm(entries[:10])
    for age, entry in enumerate(entries[:10]):
        os.utime(mirror._path(entry.key), (age, age))
    mirror.warm(entries[10:15])
    assert size_of(tmp_path) <= 40_000
    kept = [entry.key for entry in entries[:15] if mirror._has(entry)]
    assert "series/000" not in kept
    assert {"series/009", "series/014"} <= set(kept)
    assert read_all(mirror) == read_all(far)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"#"),
        lambda path: path.write_bytes(os.urandom(400)),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.mkdir()),
    ],
)
def test_damage_costs_a_download(far, mirrored, gcs, damage):
    """Whatever happens to a file of the mirror, the bytes are the bucket's."""
    fill(far, 2)
    (entry, _) = entries = list(mirrored.list())
    mirrored.warm(entries)
    damage(mirrored._path(entry.key))
    gcs.requests.clear()
    assert mirrored.get(entry.key, known=entry).data == b"000" * 100
    assert gcs.operations() == ["media"]


def test_a_folder_that_cannot_be_used_is_said_once(far, tmp_path, caplog):
    """The store works as if there were no mirror."""
    (tmp_path / "file").write_text("in the way")
    mirror = MirroredStore(far, tmp_path / "file" / "mirror", 1 << 20)
    fill(far, 5)
    with caplog.at_level(logging.WARNING):
        mirror.warm(list(mirror.list()))
        assert read_all(mirror) == read_all(far)
    assert caplog.text.count("cannot be used") == 1


def test_a_download_that_fails_is_left_to_the_one_who_reads(far, mirrored, gcs):
    """Warming up says nothing; the read does, if it fails still."""
    fill(far, 4)
    far.patience = 0.1
    entries = list(mirrored.list())
    gcs.fault("status:403", operation="media", name="series/002", times=0)
    mirrored.warm(entries)
    assert [mirrored._has(entry) for entry in entries] == [True, True, False, True]
    with pytest.raises(StoreError):
        mirrored.get("series/002", known=entries[2])


def test_two_buckets_share_a_folder(gcs, gcs_env, tmp_path):
    """One key of two lakes is two objects."""
    stores = [
        MirroredStore(open_store(f"gs://lake/{name}", {}, gcs_env), tmp_path, 1 << 20)
        for name in ("one", "other")
    ]
    for number, store in enumerate(stores):
        store.put("a", b"%d" % number, {}, if_generation=ABSENT)
    assert [store.get("a", known=next(store.list())).data for store in stores] == [b"0", b"1"]
