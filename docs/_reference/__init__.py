"""A Sphinx extension: the parts of the reference that are made from the code.

Where a page has the line `<!-- made: NAME -->`, the site has the Markdown of `PARTS[NAME]()`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from . import codes, columns, commands, hooks, library, providers, report, settings

PARTS: Mapping[str, Callable[[], str]] = {
    "codes": codes.text,
    "columns": columns.text,
    "commands": commands.text,
    "hooks": hooks.text,
    "library": library.text,
    "providers": providers.text,
    "report": report.text,
    "settings": settings.text,
    "variables": settings.variables,
}
MARK = re.compile(r"^<!-- made: (\w+) -->$", re.MULTILINE)


def filled(page: str) -> str:
    """A page's text with its parts; KeyError for one that nobody makes."""
    return MARK.sub(lambda found: PARTS[found[1]](), page)


def setup(app: Any) -> dict[str, Any]:
    """What Sphinx calls."""
    app.connect("source-read", _fill)
    app.connect("autodoc-process-docstring", _mark_code)
    # what the parts are made from is no file that Sphinx would see change: read every page anew
    app.connect("env-get-outdated", lambda app, env, *_: env.found_docs)
    return {"parallel_read_safe": True}


def _fill(app: Any, name: str, source: list[str]) -> None:
    source[0] = filled(source[0])


def _mark_code(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """In a docstring, what is indented after an empty line is code."""
    for number in range(1, len(lines) - 1):
        before, empty, after = lines[number - 1 : number + 2]
        if before and not empty and after.startswith("    ") and not before.startswith((" ", "-")):
            lines[number] = "\n::\n"
    lines[:] = "\n".join(lines).split("\n")
