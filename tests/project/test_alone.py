"""A built-in provider can move to a repository of its own, unchanged."""

from __future__ import annotations

import json
import shutil

from .clean import build, call, environment, install
from .conftest import ROOT

#: All that its folder lacks.
PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "datalake-lunarcrush"
version = "2.0.0"
dependencies = ["crypto-datalake"]

[project.entry-points.datalake]
lunarcrush = "datalake_lunarcrush"
"""


def test_lunarcrush_is_built_alone_and_found_beside_the_core(wheel, tmp_path):
    """Eleven lines and the folder as it is; the core has none of it any more."""
    assert len([line for line in PYPROJECT.splitlines() if line]) <= 11
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "pyproject.toml").write_text(PYPROJECT)
    name = "datalake_lunarcrush"
    without_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "providers" / name, alone / name, ignore=without_caches)
    programs, packages = environment(tmp_path / "env")
    install(programs, packages, wheel)
    move_out(packages, name)
    listed = json.loads(call(*providers(programs), cwd=tmp_path))
    assert "lunarcrush" not in {one["name"] for one in listed}
    install(programs, packages, build(alone, tmp_path), linked=True)
    listed = json.loads(call(*providers(programs), cwd=tmp_path))
    (lunarcrush,) = [one for one in listed if one["name"] == "lunarcrush"]
    assert lunarcrush["distribution"] == "datalake-lunarcrush 2.0.0"
    assert lunarcrush["state"].startswith("no key for LunarCrush")
    assert not [one for one in listed if one["state"].startswith("broken")]


def providers(programs):
    return programs / "datalake", "providers", "list", "--format", "json"


def move_out(packages, name):
    """The installed core as it would be without that provider: no folder, no entry point."""
    shutil.rmtree(packages / name)
    (entry_points,) = packages.glob("crypto_datalake-*.dist-info/entry_points.txt")
    lines = entry_points.read_text().splitlines(keepends=True)
    entry_points.write_text("".join(line for line in lines if name not in line))
