"""Tables for people, JSON for programs: what every reading command prints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    help="[default: table]",
)


def print_rows(rows: Sequence[Mapping[str, Any]], form: str, title: str = "") -> None:
    """Print rows of one shape."""
    if form == "json":
        click.echo(json.dumps(list(rows), indent=2, ensure_ascii=False, default=str))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title or None, title_justify="left")
    for heading in rows[0] if rows else ():
        table.add_column(heading.replace("_", " "))
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    Console().print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)
