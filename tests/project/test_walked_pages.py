"""The tutorial and the guide for whoever is on call are true from the first line to the last."""

from __future__ import annotations

import pytest

from .conftest import ROOT
from .walked import walk

DOCS = ROOT / "docs"


@pytest.mark.parametrize(
    "page", ["tutorial/ten-minutes.md", "how-to/on-call.md", "how-to/mapping.md"]
)
def test_a_page_can_be_walked(page, tmp_path, monkeypatch):
    """Each command, file and line that it shows, in one folder that is empty at the beginning."""
    monkeypatch.chdir(tmp_path)
    walk(DOCS / page, tmp_path)


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("```bash\nfalse\n```", "ended with 1, not 0"),
        ("```bash\ntrue  # exit code 3\n```", "ended with 0, not 3"),
        ("```bash\necho one\n```\n\n```text\ntwo\n```", "not printed: two"),
        ("```python\nprint(1)\n```\n\n```text\n1 …\n```", "not printed: 1 …"),
        ("```python\nassert 1 == 2, 'unequal'\n```", "unequal"),
    ],
)
def test_a_page_that_is_not_true_is_noticed(block, said, tmp_path):
    """The walk can fail, at any kind of block."""
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n{block}\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=said):
        walk(page, tmp_path)


def test_a_page_that_is_true_is_walked_to_its_end(tmp_path):
    """Files are written, names of Python are kept, and `…` stands for anything."""
    page = tmp_path / "page.md"
    page.write_text(
        "```yaml\n# a.yaml\none: 1\n```\n\n```bash\ncat a.yaml\nfalse  # exit code 1\n```\n\n"
        "```text\n…: 1\n```\n\n```python\nx = 1\n```\n\n```python\nprint(x,    2)\n```\n\n"
        "```text\n1 …\n```\n",
        encoding="utf-8",
    )
    walk(page, tmp_path)
