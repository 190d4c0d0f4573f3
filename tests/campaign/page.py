"""The campaign's table: a line for each row, on the terminal and in docs/explanation/faults.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .rows import ROWS, Outcome, Row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "faults.md"
HEAD = (
    "| | fault | expected | exit | published | tracebacks | lost | keys |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
)


def table(outcomes: Iterable[Outcome]) -> str:
    """What a campaign brought."""
    return "\n".join([*HEAD, *map(line, outcomes)]) + "\n"


def line(outcome: Outcome) -> str:
    row = outcome.row
    first = f"| {row.kind} | {row.fault} | {row.expected} |"
    if outcome.absent:
        return f"{first} not run: {outcome.absent} | | | | |"
    numbers = f"{outcome.tracebacks} | {outcome.lost} | {outcome.keys}"
    return f"{first} {outcome.code} | {outcome.left}, whole | {numbers} |"


def told(page: str) -> dict[tuple[str, str], str]:
    """The lines of the page's table, by kind and fault."""
    after = page.partition(HEAD[0])[2].splitlines()[2:]
    lines = after[: next((n for n, one in enumerate(after) if not one.startswith("|")), None)]
    return {_key(one): one for one in lines}


def write(outcomes: Sequence[Outcome], path: Path = PAGE, rows: Sequence[Row] = ROWS) -> None:
    """Put what these rows brought into the page, in the order of `rows`.

    What others brought when they were run stays; a line whose row is no more goes.
    """
    page = path.read_text(encoding="utf-8")
    old = told(page)
    lines: Mapping[tuple[str, str], str] = {
        **old,
        **{(one.row.kind, one.row.fault): line(one) for one in outcomes},
    }
    kept = [lines[key] for row in rows if (key := (row.kind, row.fault)) in lines]
    before, after = page.split("\n".join([*HEAD, *old.values()]) + "\n")
    path.write_text(before + "\n".join([*HEAD, *kept]) + "\n" + after, encoding="utf-8")


def _key(one: str) -> tuple[str, str]:
    _, kind, fault, *_ = (cell.strip() for cell in one.split("|"))
    return kind, fault
