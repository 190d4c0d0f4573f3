"""Tables for people, JSON for programs: what every reading command prints."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

#: Columns of text where nobody's window limits them: in a pipe or a log.
PIPE_WIDTH = 160

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    help="A table to read, or JSON for programs.  [default: table]",
)


def print_rows(
    rows: Sequence[Mapping[str, Any]], form: str, title: str = "", whole: Container[str] = ()
) -> None:
    """Print rows of one shape; the columns that are `whole` are not broken, whatever the width."""
    if form == "json":
        print_json(list(rows))
        return
    table = new_table(title)
    for heading in rows[0] if rows else ():
        table.add_column(heading.replace("_", " "), overflow="fold", no_wrap=heading in whole)
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    console().print(table)


def print_json(document: Any) -> None:
    """Print one value for programs."""
    try:
        click.echo(json.dumps(document, indent=2, ensure_ascii=False, default=str))
    except BrokenPipeError:  # the command's exit code is still to be told
        forget(1)


def console() -> Console:
    """The terminal on stdout; a pipe is wide enough for every table."""
    from rich.console import Console

    class Steady(Console):
        def on_broken_pipe(self) -> None:
            # rich would end the process with 1, whatever it was that had just succeeded
            self.quiet = True
            forget(1)

    return Steady(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def print_fitting(screen: Console, table: Table) -> None:
    """Print as many columns, from the left, as the terminal has room for whole."""
    endless = screen.options.update(width=10_000)
    while len(table.columns) > 2 and screen.measure(table, options=endless).maximum > screen.width:
        table.columns.pop()
    screen.print(table)


def forget(stream: int) -> None:
    """Send what is still to be printed on stdout (1) or stderr (2) nowhere: its reader is gone, or
    its disk is full, and the interpreter would fail over it in the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream)


def new_table(title: str) -> Table:
    """An empty table in the house style."""
    from rich import box
    from rich.table import Table

    return Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)


def _cell(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)
