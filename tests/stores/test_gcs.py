"""A bucket through Google's own client: each of its traps, and what a user is told of trouble."""

from __future__ import annotations

import gc as garbage
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from datalake.errors import ConfigError, Conflict, ReadOnly, StoreError
from datalake.stores import ABSENT, open_store
from datalake.testing.racing import count_up

KEY = "series/v1/a"


# Google's client leaves the connection of a refused download to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def store(gcs, gcs_env):
    """The bucket `lake`; trouble that passes is waited for as long as it takes here."""
    opened = open_store("gs://lake", {}, gcs_env)
    opened.patience = 10.0
    yield opened
    garbage.collect()


@pytest.fixture
def impatient(store):
    """For trouble that does not pass."""
    store.patience = 0.5
    return store


def put(store, data=b"ours", if_generation=ABSENT, **metadata):
    return store.put(KEY, data, metadata, if_generation=if_generation)


@pytest.mark.parametrize("action", ["status:503", "status:429", "status:408", "reset"])
@pytest.mark.parametrize("operation", ["insert", "get", "media", "list", "delete"])
def test_trap_1_passing_trouble_passes(store, gcs, action, operation):
    """What strikes once, before anything was applied, is tried again."""
    fault = gcs.fault(action, operation=operation)
    put(store, rows="1")
    assert store.get(KEY).data == b"ours"
    assert [entry.key for entry in store.list("series/")] == [KEY]
    store.delete(KEY)
    assert store.get(KEY) is None
    assert fault.struck == 1


def test_trap_2_a_repeated_write_undoes_no_rival(store, gcs):
    """Our answer is lost, a rival writes, our repetition must not win over it."""
    gcs.fault("reset", operation="insert", when="after")
    gcs.fault(lambda _: gcs.poke("lake", KEY, b"rival"), operation="insert", skip=1)
    with pytest.raises(Conflict):
        put(store)
    assert gcs.peek("lake", KEY) == b"rival"


def test_trap_2_every_write_is_conditional(store, gcs):
    """No request that changes an object goes out without its generation."""
    generation = put(store)
    put(store, b"next", generation)
    put_large = bytes(9 << 20)
    store.put("large", put_large, {"n": "1"}, if_generation=ABSENT)
    store.delete(KEY)
    store.delete("large", if_generation=store.get("large").generation)
    changing = [one for one in gcs.requests if one.operation in ("insert", "resume", "delete")]
    begun = [one for one in changing if "upload_id" not in one.query]
    assert len(begun) == 5
    assert all("ifGenerationMatch" in one.query for one in begun)


@pytest.mark.parametrize("action", ["reset", "status:503", "truncate:10"])
def test_trap_3_a_lost_answer_is_no_conflict(store, gcs, action):
    """Our own bytes are there: that is success, with the generation that they have."""
    gcs.fault(action, operation="insert", when="after")
    generation = put(store, rows="7")
    found = store.get(KEY)
    assert (found.data, found.generation, dict(found.metadata)) == (
        b"ours",
        generation,
        {"rows": "7"},
    )


def test_trap_3_a_rival_with_the_same_bytes_is_a_conflict(store, gcs):
    """Two who count from 1 to 2 at once have counted once only."""
    generation = put(store, b"1")
    gcs.fault(lambda _: gcs.poke("lake", KEY, b"2", {}), operation="insert")
    with pytest.raises(Conflict):
        put(store, b"2", generation)


def test_trap_4_a_lost_answer_to_a_delete(store, gcs):
    """The repetition finds nothing: it is done."""
    put(store)
    gcs.fault("reset", operation="delete", when="after")
    store.delete(KEY)
    assert gcs.peek("lake", KEY) is None


def test_trap_5_a_flipped_bit_on_the_wire(store, gcs):
    """One fresh read, and the bytes are right."""
    put(store, b"x" * 1000)
    fault = gcs.fault("corrupt", operation="media")
    assert store.get(KEY).data == b"x" * 1000
    assert fault.struck == 1


def test_trap_5_damage_that_stays(store, gcs):
    """It is the wire that damages: the object, which is whole, is not taken for none."""
    put(store, b"x" * 1000, sha256="abc")
    gcs.fault("corrupt", operation="media", times=0)
    with pytest.raises(StoreError, match=f"{KEY} arrives damaged each time; check the network"):
        store.get(KEY)
    gcs.clear()
    assert store.get(KEY).data == b"x" * 1000


def test_trap_6_whole_objects_only(store, gcs):
    """A range has no checksum, so no download asks for one."""
    put(store, bytes(3 << 20))
    store.get(KEY)
    (entry,) = store.list()
    store.get(KEY, known=entry)
    downloads = [one for one in gcs.requests if one.operation == "media"]
    assert len(downloads) == 2
    assert all("Range" not in one.headers for one in downloads)


@pytest.mark.parametrize("cut", ["truncate:500", "truncate:0", "corrupt"])
@pytest.mark.parametrize("listed", [False, True])
def test_traps_7_and_8_replaced_while_it_is_read(store, gcs, cut, listed):
    """A download breaks off, a rival replaces the object: it is neither gone nor damaged."""
    put(store, b"x" * 1000, n="1")
    entry = next(store.list()) if listed else None
    gcs.fault(cut, operation="media")
    gcs.fault(
        lambda _: gcs.poke("lake", KEY, b"y" * 900, {"n": "2"}), operation="media", when="after"
    )
    found = store.get(KEY, known=entry)
    assert (found.data, dict(found.metadata)) == (b"y" * 900, {"n": "2"})


def test_trap_7_deleted_while_it_is_read(store, gcs):
    """An object that goes between our two requests is not there."""
    put(store)
    gcs.fault(lambda _: gcs.remove("lake", KEY), operation="media")
    assert store.get(KEY) is None


@pytest.mark.parametrize("operation", ["get", "list", "media", "insert"])
@pytest.mark.parametrize("action", ["html", "truncate:3"])
def test_traps_9_and_10_answers_that_are_none(impatient, gcs, operation, action):
    """Whatever the libraries raise, the caller gets a StoreError, or the right result."""
    put(impatient)
    gcs.fault(action, operation=operation, times=0)
    try:
        if operation == "insert":
            put(impatient, b"next", impatient.get(KEY).generation)
        elif operation == "list":
            list(impatient.list())
        else:
            found = impatient.get(KEY)
            assert found.data in (b"ours", b"")
    except StoreError as error:
        assert "gs://lake" in str(error)  # noqa: PT017  # either end is right


def test_trap_9_a_cut_404(store, gcs):
    """An error body that is cut is no reason to crash."""
    gcs.fault("truncate:3", operation="get")
    assert store.get(KEY) is None


def test_trap_9_a_cut_412(store, gcs):
    """Replaced while it was read, and the answer that says so is cut: read afresh."""
    put(store, b"x" * 1000)
    gcs.fault(lambda _: gcs.poke("lake", KEY, b"y" * 900), operation="media")
    fault = gcs.fault("truncate:100", operation="media")
    assert store.get(KEY).data == b"y" * 900
    assert fault.struck == 1


TOLD = [
    ("list", "status:401", "gcloud auth application-default login"),
    ("list", "status:403", "roles/storage.objectViewer"),
    ("list", "status:503", "answered 503"),
    ("list", "reset", "cannot be reached"),
    ("get", "status:403", "may not be read"),
    ("get", "status:500", "answered 500"),
]


@pytest.mark.parametrize(("operation", "action", "told"), TOLD)
def test_trap_11_what_cannot_work_is_told(impatient, gcs, operation, action, told):
    """One sentence that names the bucket and what to do."""
    gcs.fault(action, operation=operation, times=0)
    with pytest.raises(StoreError, match=told) as caught:
        impatient.get(KEY) if operation == "get" else list(impatient.list())
    assert "gs://lake" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert gcs.url not in str(caught.value)


def test_a_refusal_is_not_asked_again(store, gcs):
    """Neither a wrong key nor a missing right gets better by asking."""
    gcs.fault("status:403", times=0)
    with pytest.raises(StoreError):
        store.get(KEY)
    assert len(gcs.requests) == 1


def test_a_bucket_that_may_only_be_read(store, gcs):
    """Writing is refused as such, with the role that is missing; reading goes on."""
    put(store)
    gcs.fault("status:403", operation="insert", times=0)
    gcs.fault("status:403", operation="delete", times=0)
    with pytest.raises(
        ReadOnly, match=r"gs://lake --member=user:YOU --role=roles/storage.objectUser"
    ):
        put(store, b"next", store.get(KEY).generation)
    with pytest.raises(ReadOnly):
        store.delete(KEY)
    assert store.get(KEY).data == b"ours"


def test_a_bucket_that_is_not_there(gcs, gcs_env):
    """Reading, writing and listing say so, with the command that makes it."""
    store = open_store("gs://nowhere", {}, gcs_env)
    for act in (lambda: store.get(KEY), lambda: list(store.list()), lambda: put(store)):
        with pytest.raises(StoreError, match="gcloud storage buckets create gs://nowhere"):
            act()


def test_no_server_at_all(gcs_env):
    """A network that is down is told soon, and not as a bucket that is missing."""
    store = open_store("gs://lake", {}, {**gcs_env, "STORAGE_EMULATOR_HOST": "http://127.0.0.1:9"})
    store.patience = 0.5
    with pytest.raises(StoreError, match="cannot be reached"):
        store.get(KEY)


def test_no_credentials(monkeypatch, tmp_path):
    """Where Google knows no user, the sentence has the command; no request is made for it."""
    for name in ("STORAGE_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(StoreError, match="gcloud auth application-default login"):
        open_store("gs://lake", {}, {}).get(KEY)


def test_credentials_of_the_dotenv_file(tmp_path):
    """A key file that only `.env` names is used; one that is none is told."""
    file = tmp_path / "key.json"
    file.write_text('{"type": "nonsense"}')
    with pytest.raises(StoreError, match="gcloud auth application-default login"):
        open_store("gs://lake", {}, {"GOOGLE_APPLICATION_CREDENTIALS": str(file)}).get(KEY)


@pytest.mark.parametrize(
    "url", ["gs://", "gs:///x", "gs:lake", "gs://LAKE", "gs://a", "gs://lake/../x", "gs://lake//x"]
)
def test_urls_that_name_no_bucket(url):
    """They are told before anything is asked."""
    with pytest.raises(ConfigError, match="gs:"):
        open_store(url, {}, {})


def test_trap_12_bytes_that_change_on_their_way(store, gcs):
    """Every upload carries its checksum."""
    put(store)
    (upload,) = [one for one in gcs.requests if one.operation == "insert"]
    assert b'"crc32c"' in upload.body


@pytest.mark.parametrize("operation", ["resume"])
@pytest.mark.parametrize("skip", [0, 1])
@pytest.mark.parametrize("when", ["before", "after"])
def test_trap_13_large_objects(store, gcs, operation, skip, when):
    """Beyond 8 MiB an upload has several requests; any of them may fail, or its answer be lost."""
    data = bytes(range(256)) * (9 << 12)
    gcs.fault("reset", operation=operation, skip=skip, when=when)
    store.put("large", data, {"n": "1"}, if_generation=ABSENT)
    found = store.get("large")
    assert found.data == data
    assert dict(found.metadata) == {"n": "1"}


def test_trap_14_no_hidden_requests(store, gcs):
    """A miss is one request; a hit two, and one where a listing was seen; a write is one."""
    counts = {}
    listed = []
    for name, act in {
        "miss": lambda: store.get(KEY),
        "write": lambda: put(store),
        "hit": lambda: store.get(KEY),
        "list": lambda: listed.extend(store.list()),
        "known": lambda: store.get(KEY, known=listed[0]),
    }.items():
        gcs.requests.clear()
        act()
        counts[name] = gcs.operations()
    assert counts == {
        "miss": ["get"],
        "write": ["insert"],
        "hit": ["get", "media"],
        "list": ["list"],
        "known": ["media"],
    }


def test_a_listing_has_pages(store, gcs):
    """2,300 objects with their metadata take three requests."""
    for number in range(2300):
        gcs.poke("lake", f"series/v1/{number:04}", b"x", {"rows": str(number)})
    entries = list(store.list("series/"))
    assert [entry.metadata["rows"] for entry in entries] == [str(number) for number in range(2300)]
    assert gcs.operations() == ["list"] * 3


def test_names_that_are_no_keys_are_left_alone(store, gcs, caplog):
    """What somebody else put there is named once, harmlessly, and never read or deleted."""
    put(store)
    for name in (
        "series/../evil",
        "series/a\tb",
        "series//x",
        "series/v1/",
        "series/.hidden",
        "/lead",
    ):
        gcs.poke("lake", name, b"x")
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert [entry.key for entry in store.list()] == [KEY]
    assert caplog.text.count("series/../evil") == 1
    assert "a\\tb" in caplog.text
    assert "a\tb" not in caplog.text
    assert gcs.peek("lake", "series/../evil") == b"x"


def test_a_prefix_is_a_world_of_its_own(gcs, gcs_env):
    """Two lakes in one bucket do not see each other."""
    one, other = (open_store(f"gs://lake/{name}/", {}, gcs_env) for name in ("one", "one2"))
    put(one)
    assert one.url == "gs://lake/one"
    assert gcs.peek("lake", f"one/{KEY}") == b"ours"
    assert list(other.list()) == []
    assert other.get(KEY) is None


def test_writers_of_one_object_take_turns(store, gcs):
    """Cloud Storage takes one write a second for one object: all wait, and nothing is lost."""
    gcs.storage.gate = 0.2
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: count_up(store, "n", 2), range(4)))
    assert gcs.peek("lake", "n") == b"8"
    assert any(one.status == 429 for one in gcs.requests)


def test_thirty_two_threads_share_one_client(store, gcs, caplog):
    """They open no more connections than the pool holds, so none is thrown away."""
    gate = threading.Barrier(32)

    def work(number):
        gate.wait()
        for turn in range(5):
            store.put(f"t/{number}-{turn}", b"x", {}, if_generation=ABSENT)
            assert store.get(f"t/{number}-{turn}").data == b"x"

    with caplog.at_level(logging.WARNING), ThreadPoolExecutor(32) as pool:
        list(pool.map(work, range(32)))
    assert "pool is full" not in caplog.text
    assert len(gcs.objects("lake")) == 160


def test_a_bucket_that_is_silent_is_left_alone_for_a_while(impatient, gcs, monkeypatch):
    """One request waits in vain, and the next ones do not wait; when it is back, it is used."""
    put(impatient)
    gcs.fault("reset", times=0)
    with pytest.raises(StoreError, match="cannot be reached"):
        impatient.get(KEY)
    gcs.requests.clear()
    with pytest.raises(StoreError, match="gs://lake/series/v1/b cannot be reached"):
        impatient.get("series/v1/b")
    with pytest.raises(StoreError, match="cannot be reached"):
        put(impatient, b"more")
    assert gcs.requests == []
    monkeypatch.setattr("datalake.stores.gcs.PAUSE", 0.0)
    with pytest.raises(StoreError):
        impatient.get(KEY)
    assert gcs.requests
    gcs.clear()
    assert impatient.get(KEY).data == b"ours"
    monkeypatch.undo()
    assert impatient.get(KEY).data == b"ours"
