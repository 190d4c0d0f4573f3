"""`datalake publish` as a person types it, on three publications of a run in the sandbox."""

from __future__ import annotations

import json
import shutil

import pytest

from .conftest import TINY, Line, session

OUTPUT = ["--output", "x.parquet"]
RUN = [word for word in TINY if word not in ("--as-of", "2026-03-15T10:30Z")]
RUN += ["--cache", "lake", *OUTPUT, "--quiet"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with an output that was published three times, a day apart."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "made").mkdir()
    for day in (13, 14, 15):
        shutil.rmtree(folder / "session", ignore_errors=True)
        (folder / "session").mkdir()
        paths = [
            str(folder / "made" / word) if word in ("lake", "x.parquet") else word for word in RUN
        ]
        line = Line([*paths, "--as-of", f"2026-03-{day}T10:30Z"])
        done = session(folder / "session", {"run": line})["run"]
        assert done.code == 0, done.err
    return folder / "made"


@pytest.fixture
def on(place, tmp_path):
    """Run command lines one after another on a copy of that output."""
    shutil.copytree(place, tmp_path / "made")
    (tmp_path / "one").mkdir()

    def call(*lines):
        asked = {
            f"{at}": Line(["publish", *line, "--output", str(tmp_path / "made" / "x.parquet")])
            for at, line in enumerate(lines)
        }
        return list(session(tmp_path / "one", asked).values())

    return call


def test_history(on):
    """The newest first, as a table and as JSON."""
    table, form = on(["history"], ["history", "--format", "json"])
    assert (table.code, form.code) == (0, 0)
    told = json.loads(form.out)
    assert [one["sequence"] for one in told] == [3, 2, 1]
    assert [one["as_of"][:10] for one in told] == ["2026-03-15", "2026-03-14", "2026-03-13"]
    assert all(one["version"] in table.out for one in told)


def test_show(on, place):
    """The current one, and another by its number; the files and the report are where it says."""
    table, form, first = on(
        ["show"], ["show", "--format", "json"], ["show", "1", "--format", "json"]
    )
    told = json.loads(form.out)
    assert (told["sequence"], told["current"], told["synthetic"]) == (3, True, True)
    assert told["version"] in table.out
    assert json.loads(first.out)["current"] is False
    folder = place / "x.published"
    report = json.loads((folder / "versions" / told["version"] / "report.json").read_text())
    assert report["run_id"] == told["run_id"]
    assert report["output"]["version"] == told["version"]
    assert (report["output"]["sequence"], report["output"]["new"]) == (3, True)


def test_diff(on):
    """Two days of two columns at least, and every cell has a cause."""
    table, form, same = on(["diff"], ["diff", "1", "3", "--format", "json"], ["diff", "3", "3"])
    assert "a day that was not over yet" in table.out
    told = json.loads(form.out)
    assert (told["from"]["sequence"], told["to"]["sequence"]) == (1, 3)
    assert told["totals"][0]["why"] == "new_day"
    assert {one["column"]: one["cells"] for one in told["changes"]}["close"] == 2
    assert "no value differs" in same.out


def test_rollback(on):
    """It says what is published now, once; and goes where it is told."""
    done, again, back, history = on(
        ["rollback", "--reason", "a test"],
        ["rollback", "--reason", "a test"],
        ["rollback", "3", "--reason", "it was fine"],
        ["history", "--format", "json"],
    )
    assert [one.code for one in (done, again, back)] == [0, 0, 0]
    assert "(sequence 4) is published" in done.out
    assert "nothing to do" in again.out
    assert "(sequence 5)" in back.out
    told = json.loads(history.out)
    assert told[1]["rollback_reason"] == "a test"
    assert told[1]["rollback_of"] == told[0]["version"] == told[2]["version"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["rollback"], "--reason"),
        (["rollback", "99", "--reason", "x"], "the history has no version 99"),
        (["show", "nonsense"], "the history has no version nonsense"),
        (["diff", "1", "99"], "the history has no version 99"),
    ],
)
def test_a_mistake_is_a_sentence(on, line, said):
    (done,) = on(line)
    assert done.code == 2
    assert said in done.err


def test_a_run_over_a_bucket_as_output(datalake, gcs, gcs_env):
    """Published to `gs://`, with the report beside it; again, it is nothing new."""
    args = (*TINY, "--cache", "lake", "--output", "gs://lake/out/x.parquet")
    first, again = datalake(*args, **gcs_env), datalake(*args, "--report", "r.json", **gcs_env)
    assert (first.code, again.code) == (0, 0), first.err + again.err
    assert "nothing new" in again.out
    report = json.loads(gcs.peek("lake", "out/x.report.json"))
    assert report["output"]["path"] == "gs://lake/out/x.parquet"
    assert (report["output"]["new"], report["message"]) == (False, "nothing new to publish")
    pointer = json.loads(gcs.peek("lake", "out/x.published/current.json"))
    assert pointer["version"] == report["output"]["version"]
    assert pointer["run_id"] != report["run_id"]
    history = datalake("publish", "history", "--output", "gs://lake/out/x.parquet", **gcs_env)
    assert pointer["version"] in history.out
