"""The page that describes the site names each key that a site has, and no other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from datalake.dashboard.site import export

from .conftest import view_of

PAGE = Path(__file__).parents[2] / "docs/reference/dashboard.md"


@pytest.fixture(scope="module")
def site(published, tmp_path_factory):
    """All documents of a site, by the heading under which the page tells of them."""
    page, folder = tmp_path_factory.mktemp("page"), tmp_path_factory.mktemp("site") / "new"
    (page / "index.html").touch()
    export(*view_of(published.output).look(), folder, page)
    overview = json.loads((folder / "data/overview.json").read_text(encoding="utf-8"))
    files = overview["files"]
    runs = json.loads((folder / files["runs"]["path"]).read_text(encoding="utf-8"))
    bitcoin = folder / files["details"] / "bitcoin.json"
    return {
        "The overview": overview,
        "Assets": overview["assets"][0],
        "Runs": runs["runs"][0],
        "Details of an asset": json.loads(bitcoin.read_text(encoding="utf-8")),
    }


@pytest.mark.parametrize("heading", ["The overview", "Assets", "Runs", "Details of an asset"])
def test_each_key_is_told(site, heading):
    """In the table under its heading."""
    text = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \| ", text, re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(told) == sorted(site[heading])
