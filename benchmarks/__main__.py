"""`python -m benchmarks`: measure on this machine and print the table of the README."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .measure import Cost, cost, median

DATALAKE = str(Path(sys.executable).with_name("datalake"))
RUN = [DATALAKE, "run", "--sandbox", "--as-of", "2026-03-15T10:30Z", "--quiet"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="first and second runs [3]")
    parser.add_argument("--starts", type=int, default=21, help="starts of the program [21]")
    parser.add_argument("--top", type=int, default=200, help="assets of a run [200]")
    parser.add_argument("--since", help="a run's first day [all that the plans offer]")
    given = parser.parse_args()
    print("| what to what | base | measured | ratio |\n| --- | --- | --- | --- |")
    start_up(given.starts)
    main_job(given.rounds, given.top, given.since)


def start_up(rounds: int) -> None:
    """`datalake --help` against the least that a command built on click can cost."""
    bare = [sys.executable, "-c", "import click"]
    asked = [DATALAKE, "--help"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for command in (bare, asked):
            cost(command, folder)  # compiles the bytecode
        turns = [(cost(bare, folder), cost(asked, folder)) for _ in range(rounds)]
    base, measured = (median(costs).seconds * 1e3 for costs in zip(*turns, strict=True))
    row("`datalake --help` to `import click`: time", "ms", base, measured)


def main_job(rounds: int, top: int, since: str | None) -> None:
    """A first run on an empty cache, and a second one just after it."""
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name, str(number)) for number in range(rounds)]
        command = [*RUN, "--top", str(top), *(("--since", since) if since else ())]
        turns = [(run(command, folder), run(command, folder)) for folder in folders]
    base, measured = (median([one for one, _ in runs]) for runs in zip(*turns, strict=True))
    (_, base_calls), (_, calls) = turns[0]  # the same in every round
    what = f"second run of {top} assets to the first"
    row(f"{what}: calls", "", base_calls, calls)
    row(f"{what}: time", "s", base.seconds, measured.seconds)
    row(f"{what}: peak memory", "MB", base.megabytes, measured.megabytes)


def run(command: Sequence[str], folder: Path) -> tuple[Cost, int]:
    """One run of the main job in a folder of its own: its cost and its calls to all providers."""
    folder.mkdir(exist_ok=True)
    report = folder / "report.json"
    measured = cost([*command, "--report", str(report)], folder)
    providers = json.loads(report.read_text(encoding="utf-8"))["providers"]
    return measured, sum(one["calls"] for one in providers.values())


def row(what: str, unit: str, base: float, measured: float) -> None:
    cells = [what, f"{figure(base)} {unit}", f"{figure(measured)} {unit}", figure(measured / base)]
    print("|", " | ".join(cell.strip() for cell in cells), "|", flush=True)


def figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()
