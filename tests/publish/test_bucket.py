"""A publication in a bucket: versions, pointer, copies, and what is told when it cannot be."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from datetime import timedelta

import polars as pl
import pytest

from datalake.errors import ConfigError, StoreError
from datalake.publish import check_output, open_place, publish
from datalake.publish.layout import encode_assets, encode_data
from datalake.publish.pointer import Keep

URL = "gs://lake/out/user_facing_data.parquet"
POINTER = "out/user_facing_data.published/current.json"


@pytest.fixture
def place(gcs, gcs_env):
    return open_place(URL, {}, gcs_env)


@pytest.fixture
def rows(frame):
    return frame(ids=[f"asset-{at:02}" for at in range(20)])


def pointer(gcs):
    return json.loads(gcs.peek("lake", POINTER))


def resolved(gcs, kind):
    """What a reader finds who follows the pointer."""
    path = pointer(gcs)["files"][kind]["path"]
    return gcs.peek("lake", f"out/user_facing_data.published/{path}")


def test_a_publication_is_versions_pointer_and_copies(gcs, place, made, rows):
    """All files of one publish by the pointer, and each under its fixed name."""
    candidate = made(rows)
    check_output(place, synthetic=False)
    outcome = publish(candidate, place, run_id="one")
    assert (outcome.published, outcome.new, outcome.path) == (True, True, URL)
    assert resolved(gcs, "user_facing_data") == encode_data(candidate)
    assert resolved(gcs, "user_facing_assets") == encode_assets(candidate)
    assert gcs.peek("lake", "out/user_facing_data.parquet") == encode_data(candidate)
    assert gcs.peek("lake", "out/user_facing_assets.parquet") == encode_assets(candidate)
    told = pointer(gcs)
    assert (told["sequence"], told["run_id"]) == (1, "one")
    assert told["files"]["user_facing_data"]["sha256"] == outcome.sha256
    lying = gcs.objects("lake")
    assert not any("probe" in name for name in lying)
    assert {one.cache_control for one in lying.values()} == {"no-cache"}


def test_the_same_again_writes_nothing(gcs, place, made, rows):
    """Same instant, same bytes: not one object changes."""
    publish(made(rows), place)
    before = {name: one.generation for name, one in gcs.objects("lake").items()}
    outcome = publish(made(rows), place)
    assert (outcome.published, outcome.new, outcome.sequence) == (True, False, 1)
    assert {name: one.generation for name, one in gcs.objects("lake").items()} == before


def test_a_refused_candidate_is_kept_in_the_bucket(gcs, place, made, rows):
    """The pointer and the copies stay; the next publication removes the candidate."""
    publish(made(rows), place)
    before = gcs.peek("lake", POINTER)
    outcome = publish(made(rows.head(100)), place)
    assert not outcome.published
    assert outcome.candidate_path == "gs://lake/out/user_facing_data.candidate.parquet"
    assert gcs.peek("lake", POINTER) == before
    assert gcs.peek("lake", "out/user_facing_data.candidate.parquet")
    assert publish(made(rows.with_columns(volume=7.0)), place, force="for the test").new
    assert gcs.peek("lake", "out/user_facing_data.candidate.parquet") is None


def test_a_rival_that_comes_between_is_compared_with(gcs, place, made, rows):
    """Somebody publishes while we are about to move the pointer: we look again, and lose by the
    fence or come after, by what they published."""
    publish(made(rows), place)
    newer = made(rows, as_of=made(rows).as_of + timedelta(hours=2))
    rival = open_place(URL, {}, {"STORAGE_EMULATOR_HOST": gcs.url})

    def strike(request):
        gcs.clear()
        assert publish(newer, rival, force="for the test").new

    gcs.fault(strike, operation="insert", name=POINTER)
    late = publish(made(rows, as_of=made(rows).as_of + timedelta(hours=1)), place)
    assert [check.name for check in late.checks if check.level == "refused"] == ["fence"]
    assert resolved(gcs, "user_facing_data") == encode_data(newer)
    gcs.clear()
    gcs.fault(strike, operation="insert", name=POINTER)
    latest = made(rows, as_of=made(rows).as_of + timedelta(hours=3))
    newer = made(rows.with_columns(volume=3.0), as_of=newer.as_of + timedelta(minutes=1))
    outcome = publish(latest, place, force="for the test")
    assert outcome.new
    assert outcome.sequence == 4
    assert gcs.peek("lake", "out/user_facing_data.parquet") == encode_data(latest)


@pytest.mark.parametrize("when", ["before", pytest.param("after", marks=pytest.mark.slow)])
def test_a_rival_between_any_two_requests(gcs, gcs_env, made, rows, when):
    """Whoever moved the pointer last also writes the copies last, wherever the two meet."""
    older, newer = (made(rows, as_of=made(rows).as_of + timedelta(hours=at)) for at in (1, 2))
    struck = 1
    for at in range(1000):
        with gcs.storage.lock:
            gcs.storage.buckets["lake"].clear()
        gcs.clear()
        place, rival = open_place(URL, {}, gcs_env), open_place(URL, {}, gcs_env)
        publish(made(rows), place)

        def strike(request, rival=rival):
            gcs.clear()
            assert publish(newer, rival).new

        fault = gcs.fault(strike, skip=at, when=when)
        publish(older, place)
        struck = fault.struck
        if not struck:
            break
        assert resolved(gcs, "user_facing_data") == encode_data(newer)
        assert gcs.peek("lake", "out/user_facing_data.parquet") == encode_data(newer)
        assert gcs.peek("lake", "out/user_facing_assets.parquet") == encode_assets(newer)
    assert at > 20


@pytest.mark.parametrize("when", [pytest.param("before", marks=pytest.mark.slow), "after"])
def test_a_publisher_that_ends_at_any_request(gcs, gcs_env, made, rows, when):
    """From some request on nothing comes through: old or new, whole; the next run needs no hand."""
    older, newer, last = (
        made(rows, as_of=made(rows).as_of + timedelta(hours=at)) for at in range(3)
    )
    seen = set()
    for at in range(1000):
        with gcs.storage.lock:
            gcs.storage.buckets["lake"].clear()
        gcs.clear()
        place = open_place(URL, {}, gcs_env)
        publish(older, place)
        fault = gcs.fault("status:403", skip=at, when=when, times=0)
        with suppress(StoreError, ConfigError):
            publish(newer, place)
        gcs.clear()
        pointed = resolved(gcs, "user_facing_data")
        seen.add(pointed)
        assert pointed in (encode_data(older), encode_data(newer))
        mate = encode_assets(older if pointed == encode_data(older) else newer)
        assert resolved(gcs, "user_facing_assets") == mate
        for name, encode in (("data", encode_data), ("assets", encode_assets)):
            lying = gcs.peek("lake", f"out/user_facing_{name}.parquet")
            assert lying in (encode(older), encode(newer))
        assert publish(last, place).new
        assert gcs.peek("lake", "out/user_facing_data.parquet") == encode_data(last)
        assert gcs.peek("lake", "out/user_facing_assets.parquet") == encode_assets(last)
        if not fault.struck:
            break
    assert at > 20
    assert len(seen) == 2, "some ended early enough for the old, some late"


def test_many_at_once_leave_the_newest(gcs, gcs_env, made, rows):
    """Eight publishers without a lock between them."""
    runs = [made(rows, as_of=made(rows).as_of + timedelta(minutes=at)) for at in range(8)]
    start, outcomes = threading.Barrier(len(runs)), []

    def go(run):
        place = open_place(URL, {}, gcs_env)
        start.wait()
        outcomes.append(publish(run, place))

    threads = [threading.Thread(target=go, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == len(runs)
    published = [one for one in outcomes if one.published]
    told = pointer(gcs)
    assert told["sequence"] == len(published) == len({one.sequence for one in published})
    assert resolved(gcs, "user_facing_data") == encode_data(runs[-1])
    assert gcs.peek("lake", "out/user_facing_data.parquet") == encode_data(runs[-1])
    instants = [one["as_of"] for one in told["history"]]
    assert instants == sorted(instants, reverse=True)


def test_files_without_a_pointer_are_adopted(gcs, place, made, rows):
    """What was published under the fixed names alone becomes the first version of the history."""
    first = made(rows)
    gcs.poke("lake", "out/user_facing_data.parquet", encode_data(first))
    gcs.poke("lake", "out/user_facing_assets.parquet", encode_assets(first))
    check_output(place, synthetic=False)
    later = made(rows, as_of=first.as_of + timedelta(hours=1))
    assert publish(later, place).sequence == 2
    assert pointer(gcs)["history"][1]["run_id"] is None
    assert not publish(made(rows.head(10), as_of=later.as_of), place).published


@pytest.mark.parametrize(
    ("action", "operation", "words"),
    [
        ("status:403", "insert", "cannot be written .*add-iam-policy-binding"),
        ("status:403", "get", "cannot be read .*may not be read"),
    ],
)
def test_what_is_not_allowed_is_said_before_any_call(gcs, place, action, operation, words):
    """Reading and writing are tried, and the sentence names the command that helps."""
    gcs.fault(action, operation=operation, times=0)
    with pytest.raises(ConfigError, match=words):
        check_output(place, synthetic=False)


def test_a_bucket_that_does_not_exist(gcs, gcs_env):
    with pytest.raises(ConfigError, match="the bucket nowhere does not exist"):
        check_output(open_place("gs://nowhere/x.parquet", {}, gcs_env), synthetic=False)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("gs://lake", "names no file"),
        ("gs://lake/folder/", "names no file"),
        ("gs://lake/.parquet", "names no file"),
        ("gs://LAKE/x.parquet", "no such bucket can be"),
        ("s3://lake/x.parquet", "no store is known for s3"),
        ("gs:/lake/x.parquet", "no such bucket can be"),
        ("memory:folder/x.parquet", "names no file"),
        ("", "is a folder"),
    ],
)
def test_urls_that_name_no_file_are_refused(url, words, tmp_path, monkeypatch):
    """Before anything is asked of anybody, and no folder called `gs:` is made."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=words):
        open_place(url, {}, {})
    assert not list(tmp_path.iterdir())


def test_a_file_url_is_a_local_path(made, tmp_path):
    place = open_place(f"file://{tmp_path}/x.parquet", {}, {})
    assert publish(made(), place).new
    assert pl.read_parquet(tmp_path / "x.parquet").height == 20


@pytest.mark.parametrize("name", ["user_facing_data.parquet", "user_facing_assets.parquet"])
def test_somebody_elses_object_is_left_alone(gcs, place, made, name):
    """As on a disk: named, and never replaced."""
    gcs.poke("lake", f"out/{name}", b"date,close\n")
    for attempt in (lambda: check_output(place, synthetic=False), lambda: publish(made(), place)):
        with pytest.raises(ConfigError, match=f"gs://lake/out/{name} is taken"):
            attempt()
    assert gcs.peek("lake", f"out/{name}") == b"date,close\n"


def test_synthetic_and_real_never_mix(gcs, place, made):
    publish(made(synthetic=True), place)
    with pytest.raises(ConfigError, match="never mixed"):
        check_output(place, synthetic=False)


def test_a_bucket_that_fails_meanwhile_leaves_what_was(gcs, place, made, rows):
    """The version cannot be written: an error that says so, and the old pointer."""
    publish(made(rows), place)
    before = gcs.peek("lake", POINTER)
    gcs.fault("status:403", operation="insert", name="*/versions/*", times=0)
    with pytest.raises(StoreError, match="what was published before stands"):
        publish(made(rows.with_columns(volume=2.0)), place, force="for the test")
    assert gcs.peek("lake", POINTER) == before


def test_a_copy_that_fails_does_not_undo_the_publication(gcs, place, made, rows):
    """The pointer has moved; the outcome says what is amiss, and the next run repairs it."""
    publish(made(rows), place)
    gcs.fault("status:403", operation="insert", name="out/user_facing_data.parquet", times=0)
    newer = made(rows, as_of=made(rows).as_of + timedelta(hours=1))
    outcome = publish(newer, place)
    assert outcome.new
    assert "may be those of the version before" in outcome.trouble
    gcs.clear()
    again = publish(newer, place)
    assert (again.new, again.trouble) == (False, "")
    assert gcs.peek("lake", "out/user_facing_data.parquet") == encode_data(newer)


def test_old_versions_go_and_what_is_named_stays(gcs, place, made, rows):
    """A history of three keeps three versions, once no reader can be on the others."""
    keep = Keep(3, timedelta(0))
    for at in range(6):
        run = made(rows, as_of=made(rows).as_of + timedelta(minutes=at))
        publish(run, place, keep=keep, clock=lambda run=run: run.as_of + timedelta(days=400))
    told = pointer(gcs)
    assert [one["sequence"] for one in told["history"]] == [6, 5, 4]
    kept = {name.split("/")[3] for name in gcs.objects("lake") if "/versions/" in name}
    assert kept == {one["version"] for one in told["history"]}
