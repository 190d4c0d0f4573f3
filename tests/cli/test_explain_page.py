"""docs/how-to/explain.md shows what the command prints, but for what no two runs have in common."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from .conftest import Line, session

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "explain.md").read_text(encoding="utf-8")
#: The run's name, the sha256 of objects, and the lines of the mapping, which move with each edit.
VARYING = (
    (r"run \d{8}T\d{6}Z-[0-9a-f]{8}", "run R"),
    (r"\b[0-9a-f]{12}\b", "S"),
    (r"(canonical_mapping\.yaml:)\d+", r"\1N"),
)


def plain(text):
    """The lines that say something, without what varies and without widths of columns."""
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    lines = (" ".join(line.replace("─", "").split()) for line in text.splitlines())
    return [line for line in lines if line]


def test_the_page_shows_what_is_printed(tmp_path):
    """Its two commands, run one after the other, print its block of text."""
    shown = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)[1]
    run, explain = (
        shlex.split(line)[1:]
        for line in re.search(r"```bash\n(.*?)```", PAGE, re.DOTALL)[1].splitlines()
    )
    place = ["--cache", str(tmp_path / "lake"), "--output", str(tmp_path / "data.parquet")]
    done = session(
        tmp_path,
        {"a": Line([*run, *place, "--quiet"]), "b": Line([*explain, *place])},
    )
    assert done["a"].code == 0, done["a"].err
    assert plain(done["b"].out) == plain(shown)
