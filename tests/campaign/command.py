"""Runs the campaign, several rows at once, and prints the table."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import disk_faults, input_faults, plugin_faults, process_faults, store_faults  # noqa: F401
from .lab import Beginning, begin
from .rows import ROWS, Outcome, Row, play

HEAD = (
    "| | fault | expected | exit | published | tracebacks | lost | keys |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
)


def beginnings(rows: Iterable[Row], place: Path) -> dict[str, Beginning]:
    """Yesterday's runs that these rows begin with."""
    return {kind: begin(kind, place / kind) for kind in sorted({row.over for row in rows})}


def table(outcomes: Sequence[Outcome]) -> str:
    """What is in the page, between its two marks."""
    return "\n".join([*HEAD, *map(_line, outcomes)]) + "\n"


def _line(outcome: Outcome) -> str:
    row = outcome.row
    first = f"| {row.kind} | {row.fault} | {row.expected} |"
    if outcome.absent:
        return f"{first} not run: {outcome.absent} | | | | |"
    numbers = f"{outcome.tracebacks} | {outcome.lost} | {outcome.keys}"
    return f"{first} {outcome.code} | {outcome.left}, whole | {numbers} |"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/campaign", description=__doc__)
    parser.add_argument("--only", default="", help="rows whose `kind: fault` has these words")
    parser.add_argument("--at-once", type=int, default=3, help="rows that are run at once [3]")
    given = parser.parse_args()
    rows = [row for row in ROWS if given.only in f"{row.kind}: {row.fault}"]
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(given.at_once) as pool:
        begun = beginnings(rows, Path(name))

        def one(row: Row) -> Outcome:
            outcome = play(row, begun[row.over])
            said = outcome.absent or "; ".join(outcome.amiss) or "as expected"
            print(f"{row.kind}: {row.fault}: {said}", file=sys.stderr, flush=True)
            return outcome

        outcomes = list(pool.map(one, rows))
    print(table(outcomes), end="")
    return 1 if any(outcome.amiss for outcome in outcomes) else 0
