"""Shows how far each provider is: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from ..running.tally import Tallies, Tally
from .logs import say

Watch = Callable[[Tallies], AbstractContextManager[None]]
PLAIN_SECONDS = 10.0
BAR_SECONDS = 0.2


def watch(quiet: bool, log_format: str = "text") -> Watch:
    """The display for this terminal; lines where stderr is read by a program."""
    if quiet:
        return lambda tallies: nullcontext()
    return _bars if sys.stderr.isatty() and log_format == "text" else _lines


def seconds_left(tally: Tally) -> float:
    """At least what the rate limit needs for what is left."""
    return (tally.total - tally.done) * tally.interval


def state(tally: Tally) -> str:
    """One phrase: hits, failures, and whether the limit makes it wait."""
    parts = [f"{tally.cache_hits} from cache"] if tally.cache_hits else []
    parts += [f"{len(tally.failed)} failed"] if tally.failed else []
    pause = tally.client.stats.waiting
    if tally.done < tally.total and pause >= 1:
        parts.append(f"waiting {pause:.0f} s for the limit")
    return " · ".join(parts)


@contextmanager
def _lines(tallies: Tallies) -> Iterator[None]:
    over = threading.Event()

    def tell() -> None:
        while not over.wait(PLAIN_SECONDS):
            for tally in tallies:
                if tally.done < tally.total:
                    say(_line(tally))

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    started = time.monotonic()
    try:
        yield
    finally:
        over.set()
        teller.join()
    for tally in tallies:
        say(_line(tally))
    say(f"fetched in {time.monotonic() - started:.1f} s")


def _line(tally: Tally) -> str:
    text = f"{tally.provider}: {tally.done}/{tally.total} series"
    more = state(tally)
    left = seconds_left(tally)
    return text + (f" · {more}" if more else "") + (f" · {left:.0f} s left" if left >= 1 else "")


@contextmanager
def _bars(tallies: Tallies) -> Iterator[None]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}{task.fields[state]}"),
        console=Console(stderr=True),
    )
    tasks = [
        bars.add_task(tally.provider, total=tally.total, left="", state="") for tally in tallies
    ]

    def update() -> None:
        for tally, task in zip(tallies, tasks, strict=True):
            left = seconds_left(tally)
            bars.update(
                task,
                completed=tally.done,
                left=f"{left:.0f} s left  " if left >= 1 else "",
                state=state(tally),
            )

    over = threading.Event()

    def tell() -> None:
        while not over.wait(BAR_SECONDS):
            update()

    teller = threading.Thread(target=tell, daemon=True)
    with bars:
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join()
            update()
