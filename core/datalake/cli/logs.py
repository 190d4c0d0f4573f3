"""Logs on stderr, as text for people or JSON for machines; keys are scrubbed from every line."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..secrets import ScrubFilter, Secret, scrub
from .output import forget

if TYPE_CHECKING:
    import structlog


class _Stderr(logging.Handler):
    """Writes to whatever stderr is now: a live progress display takes its place for a while."""

    def __init__(self, form: str, secrets: Sequence[Secret]) -> None:
        super().__init__()
        self.form = form
        self.secrets = secrets
        self.addFilter(ScrubFilter(secrets))

    def emit(self, record: logging.LogRecord) -> None:
        _print(self.format(record))


def configure(level: str, form: str, secrets: Sequence[Secret], run_id: str | None = None) -> None:
    """Send the logs of every library through one scrubbed handler; each line for machines names
    the run."""
    import structlog

    handler = _Stderr(form, secrets)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.stdlib.ExtraAdder(),
                *([_naming(run_id)] if run_id and form == "json" else ()),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _renderer(form),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())


def say(text: str, level: int = logging.INFO) -> None:
    """A line for the user on stderr; a log record where those are for machines."""
    handler = next((h for h in logging.getLogger().handlers if isinstance(h, _Stderr)), None)
    if handler is None:
        _print(text)
    elif handler.form == "json":
        logging.getLogger("datalake").log(level, "%s", text)
    else:
        _print(scrub(text, handler.secrets))


def _print(text: str) -> None:
    try:
        click.echo(text, err=True)
    except OSError:
        forget(2)  # nobody reads stderr, or its disk is full: that is no reason to end


def _naming(run_id: str) -> structlog.typing.Processor:
    def name(_: object, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {**line, "run_id": run_id}

    return name


def _renderer(form: str) -> structlog.typing.Processor:
    import structlog

    if form == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
