"""The wheel has everything, and runs where nothing else of ours is."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest
from packaging.requirements import Requirement

from datalake.publish import STANDARD

from .clean import call, environment, install
from .conftest import ROOT, SETTINGS, sources, tracked

PROJECT = SETTINGS["project"]
PAGE = "datalake/dashboard/page"
PAGE_FILES = ("app.css", "app.js", "index.html", "licences.txt")


def test_the_wheel_has_every_file_and_nothing_else(wheel):
    """Modules, mapping, data, py.typed, the page and templates; else only the licence."""
    roots = [ROOT / "core", ROOT / "providers", ROOT / "aggregation"]
    expected = {
        path.relative_to(root).as_posix()
        for path in sources()
        for root in roots
        if path.is_relative_to(root)
    }
    page = {name for name in expected if name.startswith(f"{PAGE}/")}
    others = {Path(name).suffix for name in expected - page}
    assert others == {".py", ".yaml", ".json", ".typed", ".tmpl"}
    if shutil.which("npm") or os.environ.get("CI"):
        assert page == {f"{PAGE}/{name}" for name in PAGE_FILES}
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    info = next(name.split("/")[0] for name in names if name.endswith(".dist-info/METADATA"))
    about = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    assert names == expected | {f"{info}/{name}" for name in about}


def test_the_licences_of_what_is_bundled_are_there(wheel):
    """Of each package that the page is made of, in full."""
    bundled = json.loads((ROOT / "web/package.json").read_text(encoding="utf-8"))["dependencies"]
    with zipfile.ZipFile(wheel) as archive:
        if f"{PAGE}/licences.txt" not in archive.namelist() and not os.environ.get("CI"):
            pytest.skip("no page: npm is not installed")
        told = archive.read(f"{PAGE}/licences.txt").decode()
    for name, version in bundled.items():
        assert f"{name} {version} (MIT)\n\n" in told
    assert told.count("Permission is hereby granted") == len(bundled)


def test_without_npm_all_but_the_page_is_installed(tmp_path):
    """The build goes on, and says in a sentence what is left out and why."""
    place = tmp_path / "project"
    for name in tracked("ls-files", "--", ":!tests", ":!docs"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place / name)
    hatch = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist"]
    done = subprocess.run(
        hatch, cwd=place, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "The dashboard's page is left out: npm is not installed." in done.stdout + done.stderr
    (built,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        names = archive.namelist()
    assert "datalake/__init__.py" in names
    assert not [name for name in names if name.startswith(PAGE)]


def test_the_wheel_says_what_it_needs(wheel):
    """Name, licence, Python and every dependency, each with a lowest version and no highest."""
    with zipfile.ZipFile(wheel) as archive:
        path = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        text = archive.read(path).decode()
    assert f"Name: {PROJECT['name']}\n" in text
    assert "License-Expression: Apache-2.0\n" in text
    assert "Requires-Python: >=3.10\n" in text
    for needed in map(Requirement, PROJECT["dependencies"]):
        assert [one.operator for one in needed.specifier] == [">="], needed
        assert f"requires-dist: {needed.name}>=".lower() in text.lower()


@pytest.mark.parametrize("how", ["linked", pytest.param("installed", marks=pytest.mark.slow)])
def test_the_wheel_runs_in_a_clean_environment(wheel, tmp_path, how):
    """Version, plugins by entry point and the whole pipeline, far from the sources.

    The environment has what the wheel declares and no more: taken from the package index, or
    linked to what is installed here, which takes no time and no network.
    """
    programs, packages = environment(tmp_path / "env")
    install(programs, packages, wheel, linked=how == "linked")
    datalake = programs / "datalake"
    place = tmp_path / "elsewhere"
    place.mkdir()
    where = "import datalake, datalake_sandbox; print(datalake.__file__)"
    assert str(packages) in call(programs / "python", "-c", where, cwd=place)
    version = importlib.metadata.version(PROJECT["name"])
    assert call(datalake, "--version", cwd=place).split()[-1] == version
    listed = json.loads(call(datalake, "providers", "list", "--format", "json", cwd=place))
    assert {one["name"] for one in listed} == PROJECT["entry-points"]["datalake"].keys()
    assert not [one for one in listed if one["state"].startswith("broken")]
    since = (datetime.now(timezone.utc) - timedelta(days=30)).date()
    shown = call(datalake, "run", "--sandbox", "--top", 5, "--since", since, cwd=place)
    output = place / ".datalake/sandbox/user_facing_data.parquet"
    assert "synthetic" in shown
    assert output.relative_to(place).as_posix() in shown
    rows = pl.read_parquet(output)
    assert tuple(rows.columns) == STANDARD
    assert rows["canonical_id"].n_unique() == 5
