"""What runs left behind: listed, shown, and made again to the byte in other processes."""

from __future__ import annotations

import hashlib
import json
import subprocess

import pytest

from .conftest import DATALAKE, TINY, Done, environment


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a lake and two runs, a day apart."""
    folder = tmp_path_factory.mktemp("runs")
    for as_of in ("2026-03-15T10:30Z", "2026-03-16T10:30Z"):
        made = call(folder, *TINY, "--as-of", as_of, "--quiet")
        assert made.code == 0, made.err
    return folder


def call(folder, *args, **env):
    done = subprocess.run(
        [*DATALAKE, *args],
        cwd=folder,
        env=environment(folder, **env),
        capture_output=True,
        timeout=120,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def listed(folder):
    return json.loads(call(folder, "runs", "list", "--sandbox", "--format", "json").out)


def test_runs_are_listed_the_newest_first(place):
    """With how they ended, by one listing."""
    last, first = listed(place)
    assert (last["as_of"][:10], first["as_of"][:10]) == ("2026-03-16", "2026-03-15")
    assert {last["status"], first["status"]} == {"published"}
    assert first["calls"] > 1
    assert (first["cache_hits"], first["rows"]) == (0, 14)
    table = call(place, "runs", "list", "--sandbox", "--limit", "1", COLUMNS="80").out
    assert last["run_id"] in table
    assert first["run_id"] not in table
    assert max(map(len, table.splitlines())) <= 80


def test_a_run_is_shown_as_it_ended(place):
    """By its id, the beginning of it, or as last; as JSON it is the report itself."""
    last, first = (one["run_id"] for one in listed(place))
    shown = call(place, "runs", "show", last[:-3], "--sandbox").out
    for words in ("PUBLISHED", "coingecko", "2026-03-15", "gate", "SYNTHETIC", "15 rows"):
        assert words in shown, shown
    report = json.loads(call(place, "runs", "show", first, "--sandbox", "--format", "json").out)
    assert report["run_id"] == first
    assert report["freshness"]["close"]["through"] == "2026-03-14"
    wrong = call(place, "runs", "show", f"{last[:-3]}zzz", "--sandbox")
    assert wrong.code == 2
    assert f"did you mean '{last}'" in wrong.err
    several = call(place, "runs", "show", "20", "--sandbox")
    assert (several.code, "2 runs begin with '20'" in several.err) == (2, True)


def test_each_request_of_a_run_is_shown(place):
    """As many as the report counts, by endpoint and asset; without an id in the endpoint."""
    _, first = (one["run_id"] for one in listed(place))
    shown = call(place, "runs", "show", first, "--requests", "--sandbox", "--format", "json")
    requests = json.loads(shown.out)
    report = json.loads(call(place, "runs", "show", first, "--sandbox", "--format", "json").out)
    assert len(requests) == report["providers"]["coingecko"]["calls"]
    assert requests == sorted(requests, key=lambda one: one["after"])
    assert {(one["endpoint"], one["asset"]) for one in requests} >= {
        ("/coins/markets", None),
        ("/coins/{id}/market_chart/range", "dogecoin"),
    }
    assert {(one["status"], one["error"], one["tries"]) for one in requests} == {(200, None, 1)}
    assert (
        "/coins/{id}/ohlc/range"
        in call(place, "runs", "show", first, "--requests", "--sandbox").out
    )


def test_a_run_without_a_log_says_so(place):
    """Exit 2, and where it would lie."""
    last, _ = (one["run_id"] for one in listed(place))
    (place / ".datalake/sandbox/requests/v1" / f"{last}.jsonl.gz").rename(place / "log")
    gone = call(place, "runs", "show", "last", "--requests", "--sandbox")
    (place / "log").write_bytes(b"no gzip")
    assert gone.code == 2
    assert f"requests/v1/{last}.jsonl.gz is not there" in gone.err


def test_a_replay_gives_the_same_bytes(place, tmp_path):
    """In another process, folder, time zone and hash seed; also of the run before the last one."""
    cache = place / ".datalake/sandbox"
    for seed, run in enumerate(listed(place)):
        report = json.loads((cache / "runs/v1" / f"{run['run_id']}.json").read_text())
        done = call(
            tmp_path,
            *["runs", "replay", run["run_id"], "--offline", "--cache", str(cache)],
            *["--format", "json"],
            PYTHONHASHSEED=str(seed),
            TZ="Asia/Tokyo",
        )
        assert done.code == 0, done.out + done.err
        found = json.loads(done.out)
        assert found["outcome"] == "equal"
        assert found["sha256"] == report["output"]["sha256"]
    assert list(tmp_path.iterdir()) == []


def test_the_same_run_gives_the_same_files(place, tmp_path):
    """The same cache, mapping, settings and --as-of, from elsewhere and on another day."""
    outputs = [place / ".datalake/sandbox/user_facing_data.parquet"]
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        outputs.append(folder / "user_facing_data.parquet")
        done = call(
            folder,
            *[*TINY, "--as-of", "2026-03-16T10:30Z", "--cache", str(place / ".datalake/sandbox")],
            *["--output", outputs[-1].name, "--quiet"],
            PYTHONHASHSEED=seed,
        )
        assert done.code == 0, done.err
    for name in ("user_facing_data.parquet", "user_facing_assets.parquet"):
        files = {hashlib.sha256((p.parent / name).read_bytes()).hexdigest() for p in outputs}
        assert len(files) == 1


def test_what_cannot_be_replayed_says_why(place, tmp_path):
    """A series that was pruned, a run without a record, a run without rows."""
    done = call(tmp_path, *TINY, "--quiet")
    assert done.code == 0
    series = tmp_path / ".datalake/sandbox/series/v1/provider=coingecko/dataset=market"
    (series / "asset=dogecoin/series.parquet").unlink()
    replayed = call(tmp_path, "runs", "replay", "last", "--sandbox")
    assert replayed.code == 3
    assert "incomplete: 1 of " in replayed.out
    assert "coingecko.market/dogecoin: not in the cache" in replayed.out
    pruned = call(tmp_path, "cache", "prune", "--sandbox", "--older", "0d")
    assert "the run ended on" in pruned.out
    gone = call(tmp_path, "runs", "replay", "last", "--sandbox")
    assert gone.code == 2
    assert "it was pruned, or the run could not write there" in gone.err
    failed = call(tmp_path, *TINY, "--sandbox-fault", "market_chart=404", "--quiet")
    assert failed.code == 7
    empty = call(tmp_path, "runs", "replay", "last", "--sandbox")
    assert (empty.code, "came to no rows" in empty.err) == (2, True)


def test_a_changed_mapping_text_differs(place, tmp_path):
    """A record that says something else than what was done is found out, with what differs."""
    from attrs import evolve

    from datalake.running.records.inputs import INPUTS, encode, read
    from datalake.stores import open_store

    assert call(tmp_path, *TINY, "--quiet").code == 0
    store = open_store(str(tmp_path / ".datalake/sandbox"), {})
    (run,) = listed(tmp_path)
    key = f"{INPUTS}{run['run_id']}.parquet"
    record = read(store, run["run_id"])
    since = record.recipe.last_day
    data = encode(evolve(record, recipe=evolve(record.recipe, since=since)))
    metadata = {"sha256": hashlib.sha256(data).hexdigest()}
    store.put(key, data, metadata, if_generation=store.get(key).generation)
    done = call(tmp_path, "runs", "replay", "last", "--sandbox")
    assert done.code == 3
    assert "differs: sha256" in done.out
    assert "close: 13 values of dogecoin" in done.out
