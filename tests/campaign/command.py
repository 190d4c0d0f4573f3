"""Runs the campaign, several rows at once, and prints the table.

A row is a function under `@row(…)` in a module that is imported here. Once it is as expected,
`--page` puts its line into docs/explanation/faults.md, among those that are there already: so
with `--only` rows can be added, or measured again, a few at a time.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import (  # noqa: F401  # each of them adds its rows
    disk_faults,
    input_faults,
    network_faults,
    plugin_faults,
    process_faults,
    store_faults,
)
from .kills import IN_FLIGHT, MORE, kill_runs
from .lab import Beginning, begin
from .page import table, write
from .rows import ROWS, Outcome, Row, play


def beginnings(rows: Iterable[Row], place: Path) -> dict[str, Beginning]:
    """Yesterday's runs that these rows begin with."""
    return {kind: begin(kind, place / kind) for kind in sorted({row.over for row in rows})}


def main(only: str, at_once: int, page: bool, kills: int, seed: int) -> int:
    """Run the rows whose `kind: fault` has these words, or kill so many runs; 1 where anything is
    amiss."""
    if kills:
        return kill(kills, seed, only)
    rows = [row for row in ROWS if only in f"{row.kind}: {row.fault}"]
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(at_once) as pool:
        begun = beginnings(rows, Path(name))

        def one(row: Row) -> Outcome:
            try:
                outcome = play(row, begun[row.over])
            except AssertionError as error:  # of the row itself: the others go on
                outcome = Outcome(row, amiss=(f"its own check failed: {error!r}",))
            said = outcome.absent or "; ".join(outcome.amiss) or "as expected"
            print(f"{row.kind}: {row.fault}: {said}", file=sys.stderr, flush=True)
            return outcome

        outcomes = list(pool.map(one, rows))
    print(table(outcomes), end="")
    amiss = any(outcome.amiss for outcome in outcomes)
    if page and not amiss:
        write(outcomes)
    return 1 if amiss else 0


def kill(kills: int, seed: int, only: str) -> int:
    """Kill so many runs over a folder, and over a bucket; `only` is one of the two."""
    amiss = 0
    for kind in ("local", "bucket"):
        if only in kind:
            with tempfile.TemporaryDirectory() as name:
                toll = kill_runs(begin(kind, Path(name, "begun"), *MORE), kills, seed)
            print(f"{kind}, seed {seed}: {toll}", flush=True)
            amiss += len(toll.wrong) + (toll.most_repeated > IN_FLIGHT)
    return 1 if amiss else 0
