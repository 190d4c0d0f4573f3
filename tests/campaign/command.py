"""Runs the campaign, several rows at once, and prints the table.

A row is a function under `@row(…)` in a module that is imported here. Once it is as expected,
`--page` puts its line into docs/faults.md, among those that are there already: so with `--only`
rows can be added, or measured again, a few at a time.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import disk_faults, input_faults, plugin_faults, process_faults, store_faults  # noqa: F401
from .lab import Beginning, begin
from .page import table, write
from .rows import ROWS, Outcome, Row, play


def beginnings(rows: Iterable[Row], place: Path) -> dict[str, Beginning]:
    """Yesterday's runs that these rows begin with."""
    return {kind: begin(kind, place / kind) for kind in sorted({row.over for row in rows})}


def main(only: str, at_once: int, page: bool) -> int:
    """Run the rows whose `kind: fault` has these words; 1 where one is amiss."""
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
