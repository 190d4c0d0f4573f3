"""The benchmark runs as its page says, and prints the table that the page shows."""

from __future__ import annotations

import re
import subprocess
import sys

from .conftest import ROOT, quiet_environment

PAGE = ROOT / "benchmarks" / "README.md"


def first_cells(text):
    return [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]


def test_the_benchmark_prints_the_rows_of_its_page():
    """Small here, so that only that it runs is proved; no figure is judged by the clock."""
    small = ["--rounds", "1", "--starts", "1", "--top", "2", "--since", "2026-03-01"]
    command = [sys.executable, "-m", "benchmarks", *small]
    done = subprocess.run(
        command, cwd=ROOT, env=quiet_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = first_cells(PAGE.read_text(encoding="utf-8"))
    assert first_cells(done.stdout) == [re.sub(r"\b200\b", "2", row) for row in rows]
    calls = next(line for line in done.stdout.splitlines() if "calls" in line)
    base, measured, _ = (float(cell.replace(",", "")) for cell in calls.split("|")[2:5])
    assert measured < base


def test_the_benchmark_of_publishing_runs():
    """On a few rows."""
    small = ["--rounds", "1", "--assets", "20", "--days", "60"]
    command = [sys.executable, "-m", "benchmarks.publishing", *small]
    done = subprocess.run(
        command, cwd=ROOT, env=quiet_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    places = [
        "what to what",
        "---",
        *(f"publication to {place}" for place in ("a disk", "a bucket")),
    ]
    assert [cell.split(" to one")[0] for cell in first_cells(done.stdout)] == places
