"""Small pieces of Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table; None is an empty cell."""
    lines = [_line(heads), _line("---" for _ in heads), *map(_line, rows)]
    return "\n".join(lines)


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(cell: object) -> str:
    return "" if cell is None else " ".join(str(cell).split()).replace("|", "\\|")


def code(text: object) -> str:
    """Inline code; nothing for None."""
    return "" if text is None else f"`{text}`"


def idea(thing: object) -> str:
    """The first paragraph of a docstring."""
    return (inspect.getdoc(thing) or "").split("\n\n")[0]


def items(thing: object) -> dict[str, str]:
    """What a docstring's list says of each name: "- `name`: …"."""
    found = re.findall(r"^- `(\w+)`: (.+(?:\n  .+)*)", inspect.getdoc(thing) or "", re.MULTILINE)
    return {name: " ".join(said.split()) for name, said in found}
