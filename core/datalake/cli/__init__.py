"""The `datalake` command: a thin layer; each subcommand is imported only when it is called."""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

import click

from .._version import __version__
from .output import forget

#: Name of the subcommand -> what `datalake --help` says of it. Its module has the same name.
COMMANDS: Mapping[str, str] = {
    "aggregate": "Fold a whole lake on Polars, DuckDB or Spark.",
    "cache": "Inspect and look after the shared cache.",
    "dashboard": "Show what is published in a browser, or as a static site.",
    "doctor": "Check the settings, the plugins and the cache.",
    "explain": "Explain one published number.",
    "mapping": "Show, check and edit the canonical mapping.",
    "plan": "Say what a run would cost, before it is made.",
    "plugins": "List the installed plugins, and what is wrong with them.",
    "providers": "List, show, check, test and begin providers.",
    "publish": "Look at what is published and what was before, and go back.",
    "quarantine": "Look at what was not let into the cache, and why.",
    "report": "Sum up a run on one page, for a terminal, a chat or a mail.",
    "run": "Make and publish the dataset.",
    "runs": "Look at what runs did, and make one again.",
    "sandbox": "Serve the three APIs from a simulated market.",
    "status": "Show how things stand, and what to do next.",
    "universe": "Show the canonical assets that a run is about.",
}


class LazyGroup(click.Group):
    """A group whose help needs none of its commands' imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def invoke(self, ctx: click.Context) -> Any:
        # before click makes of it an Abort, which tells neither what came nor what to do
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            _leave(143 if isinstance(interrupt, Terminated) else 130)
        except BrokenPipeError:
            # the reader of our output has seen enough (`datalake … | head`)
            forget(1)
            return 0

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f".{name}", __name__).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from ..suggest import did_you_mean

            ctx.fail(f"there is no command {args[0]!r}{did_you_mean(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="datalake")
def cli() -> None:
    """Trustworthy crypto data for products.

    Asks CoinGecko which assets are the largest today, brings their daily history from every
    installed provider through one shared cache, folds wrapped and bridged tokens into one
    canonical asset, and publishes one parquet file.

    \b
    Try it without a key or a network:
      datalake run --sandbox
    """


class Terminated(KeyboardInterrupt):
    """SIGTERM came: end as cleanly as on Ctrl-C, with another exit code."""


def main() -> NoReturn:
    """Run the command line; every known error becomes one sentence and its exit code."""
    _fill_streams()
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = cli(standalone_mode=False)
    except KeyboardInterrupt as interrupt:
        _leave(143 if isinstance(interrupt, Terminated) else 130)
    except click.ClickException as error:
        error.show()
        code = 2
    except Exception as error:
        code = _explain(error)
    _end(int(code or 0))


def _end(code: int) -> NoReturn:
    """Exit, though a plugin may have left a thread that Python would wait for."""
    if any(not thread.daemon for thread in threading.enumerate()[1:]):
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _fill_streams() -> None:
    """Give a process that was started without stdin, stdout or stderr empty ones: else the next
    file that is opened would become them."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115, PTH123  # lives as long as we
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115, PTH123  # the same
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without dashes is no reason to fail


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated


def _leave(code: int) -> NoReturn:
    """End at once: calls in flight may not hold the process, and nothing is half written."""
    import logging

    from .logs import say

    word = "terminated" if code == 143 else "interrupted"
    with suppress(OSError):
        if sys.stderr.isatty():
            click.echo(err=True)  # the line that begins with ^C
        say(f"{word}: what was fetched is kept; the next run goes on from there", logging.WARNING)
        sys.stderr.flush()
        sys.stdout.flush()
    os._exit(code)


def _explain(error: Exception) -> int:
    import logging

    from ..errors import ConfigError, DatalakeError, Held
    from .logs import say

    if isinstance(error, DatalakeError):
        say(f"error: {error}", logging.ERROR)
        return 2 if isinstance(error, ConfigError) else 5 if isinstance(error, Held) else 1
    logging.getLogger("datalake").debug("unexpected error", exc_info=error)
    say(
        f"unexpected error: {type(error).__name__}: {error}\n"
        "This is a bug in datalake or a plugin; --log-level debug shows where.",
        logging.ERROR,
    )
    return 1
