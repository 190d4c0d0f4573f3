"""The exit codes of a run."""

from __future__ import annotations

from datalake.exits import Exit

from .markdown import code, table


def text() -> str:
    """A table of all codes."""
    rows = ((code(int(one)), one.meaning, code(f"Exit.{one.name}")) for one in Exit)
    return table(("exit code", "meaning", "in Python"), rows)
