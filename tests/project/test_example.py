"""The example is somebody else's package: built alone, it adds to the output what ours lacks."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import polars as pl
import pytest

from .clean import build, call, environment, install
from .conftest import ROOT, quiet_environment

EXAMPLE = ROOT / "examples" / "datalake-fees"
README = (EXAMPLE / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def clean(wheel, tmp_path_factory):
    """An environment that has our wheel, the example's, and what they need: its two folders."""
    folder = tmp_path_factory.mktemp("example")
    programs, packages = environment(folder / "env")
    install(programs, packages, wheel, build(EXAMPLE, folder))
    return programs, packages


@pytest.fixture
def datalake(clean, tmp_path):
    """Run a command of that environment in an empty folder, and return what it printed."""
    return lambda *words: call(clean[0] / "datalake", *words, cwd=tmp_path)


def test_its_provider_is_listed(datalake):
    """By the name of its own distribution, ready to run."""
    listed = json.loads(datalake("providers", "list", "--format", "json"))
    (fees,) = [one for one in listed if one["name"] == "fees"]
    assert fees["distribution"] == "datalake-fees 1.0.0"
    assert (fees["state"], fees["datasets"]) == ("ready", ["protocol"])
    assert {"coingecko", "defillama", "lunarcrush"} <= {one["name"] for one in listed}


def test_its_columns_reach_the_output(datalake, tmp_path):
    """The command of its page: provider, mapping, reducer and store, in one run of the sandbox."""
    for name in ("recordings", "mapping.yaml"):
        (tmp_path / name).symlink_to(EXAMPLE / name)
    page = README.replace("\\\n", "")
    command = re.search(r"^datalake (run .*)", page, re.MULTILINE)[1].split()
    shown = datalake(*command)
    assert "PUBLISHED" in shown
    rows = pl.read_parquet(tmp_path / ".datalake/sandbox/recordings/user_facing_data.parquet")
    lido = rows.filter(pl.col("canonical_id") == "lido-dao")
    doge = rows.filter(pl.col("canonical_id") == "dogecoin")
    assert lido["fees"].to_list() == [1_500_000.0 + 20_000 * day for day in range(10)]
    assert lido["date"].dt.date().cast(pl.String).to_list()[0] == "2026-03-05"
    assert doge["fees"].null_count() == doge.height == 10
    assert set(lido["tokens"]) == {1.0}
    assert set(doge["tokens"]) == {2.0}
    assert (tmp_path / "lake.db").read_bytes().startswith(b"SQLite format 3")
    again = datalake(*command)
    assert "nothing new" in again
    kept = ("runs", "list", "--cache", "sqlite:lake.db", "--format", "json")
    assert len(json.loads(datalake(*kept))) == 2


def test_its_provider_is_graded(datalake):
    """By the suite that every provider can be held to."""
    samples = EXAMPLE / "tests" / "samples"
    said = datalake("providers", "test", "fees", "--samples", samples)
    assert "fees: grade A" in said


def test_its_own_tests_pass(clean):
    """Those that its author runs, with the suites that the wheel ships."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=EXAMPLE,
        env=quiet_environment(PYTHONPATH=str(clean[1]), PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"[1-9]\d* passed", done.stdout)


def test_it_uses_public_names_alone():
    """What it imports of ours is on the page of the library."""
    import datalake

    for path in EXAMPLE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for module, names in re.findall(
            r"^from (datalake[\w.]*) import (\([^)]*\)|.*)$", text, re.M
        ):
            assert module in ("datalake", "datalake.testing") or module.startswith("datalake_fees")
            if module == "datalake":
                assert set(re.findall(r"\w+", names)) <= set(datalake.__all__), path
