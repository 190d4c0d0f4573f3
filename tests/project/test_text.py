"""The repository speaks of the project alone: no machine, no registry, no way it was written."""

from __future__ import annotations

import subprocess

import pytest

from .conftest import ROOT, tracked

#: Each is written in two parts, so that this file does not hold what it forbids.
FORBIDDEN = [
    "".join(parts)
    for parts in [
        ("/wo", "rk/"),
        ("/tmp/", "brief"),
        ("/tmp/", "dev"),
        ("/ro", "ot/"),
        ("/Us", "ers/"),
        ("pypi", r"\.org"),
        ("python", "hosted"),
        ("npm", r"js\.(com|org)"),
        ("find-", "links"),
        ("extra-", "index"),
        ("Cla", "ude"),
        ("Anth", "ropic"),
        ("Chat", "GPT"),
        ("sub-?", "agent"),
        ("AI ", "assistant"),
        ("house ", "rules"),
        ("DESIGN", r" [0-9]"),
        ("DESIGN", r"\.md"),
        ("issues ", "show"),
        ("Part [0-9] ", "of [0-9]"),
    ]
]


def test_nothing_in_the_tree_speaks_of_anything_else():
    """No tracked file but the licence has any of the forbidden words."""
    pattern = "|".join(FORBIDDEN)
    hits = tracked("grep", "-nIiE", pattern, "--", ".", ":!LICENSE")
    assert hits == [], "\n".join(hits)


@pytest.mark.parametrize("word", ["/Us" + "ers/somebody", "https://pypi" + ".org/simple"])
def test_the_pattern_finds_what_it_forbids(word, tmp_path):
    """The search above can fail."""
    (tmp_path / "a.txt").write_text(f"see {word}\n", encoding="utf-8")
    grep = ["git", "grep", "--no-index", "-qiE", "|".join(FORBIDDEN)]
    assert subprocess.run(grep, cwd=tmp_path, check=False).returncode == 0


def test_texts_end_with_one_newline_and_have_no_tabs_or_returns():
    """Whatever the editor: files of text look alike."""
    for path in tracked("ls-files", "--", "*.py", "*.md", "*.toml", "*.yaml", "*.json", "web"):
        data = (ROOT / path).read_bytes() if (ROOT / path).is_file() else b"deleted\n"
        assert b"\r" not in data, path
        assert b"\t" not in data, path
        assert not data or (data.endswith(b"\n") and not data.endswith(b"\n\n")), path
