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
    """The programs of an environment that has our wheel, the example's, and what they need."""
    folder = tmp_path_factory.mktemp("example")
    programs, packages = environment(folder / "env")
    install(programs, packages, wheel, build(EXAMPLE, folder))
    return programs


def test_its_provider_is_listed(clean, tmp_path):
    """By the name of its own distribution, ready to run."""
    listed = json.loads(
        call(clean / "datalake", "providers", "list", "--format", "json", cwd=tmp_path)
    )
    (fees,) = [one for one in listed if one["name"] == "fees"]
    assert fees["distribution"] == "datalake-fees 1.0.0"
    assert (fees["state"], fees["datasets"]) == ("ready", ["protocol"])
    assert {"coingecko", "defillama", "lunarcrush"} <= {one["name"] for one in listed}


def test_its_columns_reach_the_output(clean, tmp_path):
    """The command of its page: provider, mapping, reducer and store, in one run of the sandbox."""
    for name in ("recordings", "mapping.yaml"):
        (tmp_path / name).symlink_to(EXAMPLE / name)
    page = README.replace("\\\n", "")
    command = re.search(r"^datalake (run .*)", page, re.MULTILINE)[1].split()
    shown = call(clean / "datalake", *command, cwd=tmp_path)
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
    again = call(clean / "datalake", *command, cwd=tmp_path)
    assert "nothing new" in again
    kept = ("runs", "list", "--cache", "sqlite:lake.db", "--format", "json")
    assert len(json.loads(call(clean / "datalake", *kept, cwd=tmp_path))) == 2


def test_its_own_tests_pass():
    """Those that its author runs, with the suites that the wheel ships."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=EXAMPLE,
        env=quiet_environment(PYTHONPATH=str(EXAMPLE / "src"), PYTHONDONTWRITEBYTECODE="1"),
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
            assert module in ("datalake", "datalake.testing"), (path, module)
            if module == "datalake":
                assert set(re.findall(r"\w+", names)) <= set(datalake.__all__), path
