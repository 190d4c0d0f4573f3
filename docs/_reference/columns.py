"""Every column that the published file may have, by the shipped mapping."""

from __future__ import annotations

from datetime import date, datetime, timezone

from datalake.names import KEYS, STANDARD
from datalake.publish import ColumnNote
from datalake.running.folding.notes import column_notes
from datalake_aggregation import load_mapping

from .markdown import code, table
from .providers import registry

HEADS = ("column", "unit", "source", "usual rule", "what it is")


def text() -> str:
    """Two tables: the standard columns, and those that `--columns extended` adds."""
    notes = published()
    standard = [note for note in notes if note.name in STANDARD]
    more = [note for note in notes if note.name not in STANDARD]
    keys = " and ".join(map(code, KEYS))
    return (
        f"{keys} are the keys of each row. After them come, always and in this order:\n\n"
        f"{table(HEADS, map(_row, standard))}\n\n"
        f"With `--columns extended` these follow:\n\n{table(HEADS, map(_row, more))}"
    )


def published() -> list[ColumnNote]:
    """What the metadata of a file with all columns would say of each."""
    day = date(2026, 1, 1)
    instant = datetime(2026, 1, 2, tzinfo=timezone.utc)
    return column_notes(load_mapping(), registry(), "extended", instant, day)


def _row(note: ColumnNote) -> tuple[str, ...]:
    rule = load_mapping().columns[note.name].text
    return (code(note.name), note.unit, code(note.source), code(rule), note.meaning)
