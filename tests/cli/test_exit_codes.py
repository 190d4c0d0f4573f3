"""Each exit code, by a command line that ends with it; all but 0 and 3 leave the files alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from datalake.exits import Exit

from .conftest import TINY, Line, session

NAME = "user_facing_data.parquet"
HERE = ["--cache", "lake", "--output", NAME]
RUN = [*TINY, *HERE]
LATER = ["--as-of", "2026-03-16T10:30Z"]
#: What needs a second process is tested where that is.
ELSEWHERE = {
    Exit.HELD: "test_two_runs.py",
    Exit.INTERRUPTED: "test_signals.py",
    Exit.TERMINATED: "test_signals.py",
}
ENDINGS = {
    "published": (Exit.PUBLISHED, [*RUN, *LATER]),
    "nothing new": (Exit.PUBLISHED, RUN),
    "a place that cannot be locked": (Exit.ERROR, [*RUN, *LATER]),
    "a flag that is none": (Exit.USAGE, [*RUN, "--top-coins", "3"]),
    "a day that is not over": (Exit.USAGE, [*RUN, "--until", "2026-03-15"]),
    "a provider without its key": (Exit.USAGE, ["run", "--providers", "lunarcrush", *HERE[2:]]),
    "a series that is stale": (
        Exit.DEGRADED,
        [*RUN, *LATER, "--sandbox-fault", "market_chart=401"],
    ),
    "the same, strictly": (
        Exit.REFUSED,
        [*RUN, *LATER, "--sandbox-fault", "market_chart=401", "--strict"],
    ),
    "fewer rows than before": (Exit.REFUSED, [*RUN, "--since", "2026-03-12"]),
    "no more calls": (Exit.BUDGET, [*RUN, *LATER, "--max-calls", "4"]),
    "no more time": (Exit.BUDGET, [*RUN, *LATER, "--timeout", "0.001s"]),
    "every provider failed": (
        Exit.FAILED,
        [*RUN, *LATER, "--sandbox-fault", "=401", "--cache", "memory:"],
    ),
    "nothing cached": (Exit.FAILED, [*RUN, "--offline", "--cache", "memory:"]),
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """Each of them after a run that published; the files of that run, and what came of each."""
    folder = tmp_path_factory.mktemp("endings")
    before = session(folder, {"before": Line(RUN)})["before"]
    assert before.code == 0, before.err
    kept = folder / "before"
    files = {
        path.relative_to(kept).as_posix(): path.read_bytes()
        for path in kept.rglob("*")
        if path.is_file()
    }
    places = folder / "after"
    places.mkdir()
    lines = {}
    for name, (_, args) in ENDINGS.items():
        own = dict(files)
        if name == "a place that cannot be locked":
            own = {key: value for key, value in own.items() if not key.endswith(".lock")}
            own[f".{NAME}.lock/in the way"] = b""
        lines[name] = Line(args, own)
    done = session(places, lines)
    shutil.rmtree(kept)
    return files, places, done


@pytest.mark.parametrize("name", ENDINGS)
def test_it_ends_with_its_code(ended, name):
    """And whatever ends otherwise than 0 or 3 leaves the published files as they are."""
    files, places, done = ended
    code = ENDINGS[name][0]
    assert done[name].code == code, done[name].err
    if code not in (Exit.PUBLISHED, Exit.DEGRADED):
        for file in (NAME, "user_facing_assets.parquet"):
            assert (places / name / file).read_bytes() == files[file]
        assert done[name].err.strip()


@pytest.mark.parametrize("name", ENDINGS)
def test_the_report_has_the_code_of_the_command(ended, name):
    """Where a run comes as far as a report."""
    _, places, done = ended
    if ENDINGS[name][0] not in (Exit.ERROR, Exit.USAGE):
        report = places / name / "user_facing_data.report.json"
        assert json.loads(report.read_text())["exit_code"] == done[name].code


def test_each_code_is_tested():
    """Here, or with what needs a second process."""
    assert {code for code, _ in ENDINGS.values()} | set(ELSEWHERE) == set(Exit)
    for code, file in ELSEWHERE.items():
        assert str(int(code)) in Path(__file__).with_name(file).read_text(encoding="utf-8")
