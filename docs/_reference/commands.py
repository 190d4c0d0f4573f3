"""Every command with its help, its arguments and its options."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from datalake.cli import cli

from .markdown import code, table

PROGRAM = "datalake"


def text() -> str:
    """A section for each command; groups come before what is in them."""
    return "\n\n".join(_section(name, command) for name, command in walk(cli, PROGRAM))


def walk(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Each command with the words that call it."""
    yield name, command
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for word in command.list_commands(context):
                below = command.get_command(context, word)
                if below:
                    yield from walk(below, f"{name} {word}")


def _section(name: str, command: click.Command) -> str:
    level = min(len(name.split()), 2) + 1
    with click.Context(command, info_name=name) as context:
        usage = " ".join(command.collect_usage_pieces(context))
        options = [one for one in command.params if isinstance(one, click.Option)]
        parts = [
            f"{'#' * level} `{name}`",
            f"```text\n{name} {usage}\n```",
            *_said(command.help or ""),
        ]
        if options:
            rows = ((_names(one, context), _meaning(one)) for one in options)
            parts.append(table(("option", "what it does"), rows))
    return "\n\n".join(parts)


def _said(text: str) -> Iterator[str]:
    """The help's paragraphs; those that click leaves as they are written become blocks."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if paragraph.startswith("\b\n"):
            yield f"```text\n{paragraph[2:]}\n```"
        else:
            yield paragraph


def _names(option: click.Option, context: click.Context) -> str:
    names = [*option.opts, *option.secondary_opts]
    value = "" if option.is_flag else f" {option.make_metavar(context)}"
    return ", ".join(code(f"{name}{value}") for name in names)


def _meaning(option: click.Option) -> str:
    """The help's words, with the default that click would show behind them."""
    said = re.sub(r"\s*\[default: (.*?)\]", r" Default: \1.", option.help or "")
    return f"{said} May be given several times." if option.multiple else said
