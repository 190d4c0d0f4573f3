"""Logs on stderr, as text for people or JSON for machines; keys are scrubbed from every line."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import click
import structlog

from ..secrets import ScrubFilter, Secret


class _Stderr(logging.Handler):
    """Writes to whatever stderr is now: a live progress display takes its place for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=True)


def configure(level: str, form: str, secrets: Sequence[Secret]) -> None:
    """Send the logs of every library through one scrubbed handler."""
    handler = _Stderr()
    handler.addFilter(ScrubFilter(secrets))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.stdlib.ExtraAdder(),
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


def _renderer(form: str) -> structlog.typing.Processor:
    if form == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
