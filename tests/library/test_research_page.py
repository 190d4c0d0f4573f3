"""docs/how-to/research.md and its scripts do what they say, on the simulated market."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ..conftest import ROOT

PAGE = ROOT / "docs" / "how-to" / "research.md"
SCRIPTS = {"momentum": ["--top", "6", "--months", "2"], "tvl_against_market_cap": ["--top", "12"]}


def test_the_blocks_run_from_top_to_bottom(tmp_path, monkeypatch):
    """In one notebook, as a reader would paste them."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 6
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)  # the page itself
    assert len(names["frame"]) == 28
    assert [name for name, _ in names["highest"]]
    assert Path("lake/user_facing_data.parquet").is_file()


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_study_makes_its_picture(script, tmp_path):
    """On a market of a few assets; the page has those of a larger one."""
    pytest.importorskip("matplotlib", reason="the pictures of the docs need matplotlib")
    path = PAGE.with_suffix("") / f"{script}.py"
    done = subprocess.run(
        [sys.executable, path, *SCRIPTS[script]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"{script}.png").read_bytes().startswith(b"\x89PNG")
    assert PAGE.with_suffix("").joinpath(f"{script}.png").is_file()
