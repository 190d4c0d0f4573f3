"""The benchmark runs as its page says, and prints the table that the page shows."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from .conftest import ROOT, quiet_environment

PAGE = ROOT / "benchmarks" / "README.md"


def first_cells(text):
    """What each row is about, whatever the sizes."""
    return {
        re.sub(r"\b\d[\d,]*\b", "N", line.split("|")[1].strip())
        for line in text.splitlines()
        if line.startswith("| ")
    } - {"---", "what to what"}


def shown_beside(printed):
    """The rows of the page's table that has any of these."""
    chunks = PAGE.read_text(encoding="utf-8").split("| what to what |")[1:]
    tables = [first_cells(chunk.partition("\n\n")[0]) for chunk in chunks]
    (shown,) = (table for table in tables if table & printed)
    return shown


SMALL = {
    "": ["--rounds", "1", "--starts", "1", "--top", "2", "--since", "2026-03-01"],
    ".sharing": ["--top", "2", "--since", "2026-03-01"],
    ".warm": ["--assets", "2", "--rounds", "1", "--times", "2"],
}


@pytest.mark.parametrize(
    "module", ["", *(pytest.param(name, marks=pytest.mark.slow) for name in (".sharing", ".warm"))]
)
def test_a_benchmark_prints_the_rows_of_its_page(module):
    """Small here, so that only that it runs is proved; no figure is judged by the clock. The page
    may leave rows out."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks{module}", *SMALL[module]],
        cwd=ROOT,
        env=quiet_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = first_cells(done.stdout)
    assert shown_beside(printed) <= printed
    if not module:
        calls = next(line for line in done.stdout.splitlines() if "calls" in line)
        base, measured, _ = (float(cell.replace(",", "")) for cell in calls.split("|")[2:5])
        assert measured < base


@pytest.mark.slow
def test_the_benchmark_of_parsing_prints_its_rows():
    """Small, as above."""
    small = ["--rounds", "1", "--charts", "2", "--megabytes", "1", "--top", "2"]
    command = [sys.executable, "-m", "benchmarks.parsing", *small]
    done = subprocess.run(
        command, cwd=ROOT, env=quiet_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    printed = first_cells(done.stdout)
    assert shown_beside(printed) == printed


@pytest.mark.slow
def test_the_benchmark_of_a_notebook_prints_its_rows():
    """On two assets."""
    command = [sys.executable, "-m", "benchmarks.notebook"]
    small = ["--rounds", "1", "--assets", "2", "--days", "9"]
    done = subprocess.run(
        [*command, *small],
        cwd=ROOT,
        env=quiet_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (shown,) = (
        first_cells(table.partition("\n\n")[0])
        for table in PAGE.read_text(encoding="utf-8").split("| what to what |")
        if "by datalake to" in table
    )
    assert shown == first_cells(done.stdout)


def test_the_benchmark_of_publishing_runs():
    """On a few rows."""
    small = ["--rounds", "1", "--assets", "20", "--days", "60"]
    command = [sys.executable, "-m", "benchmarks.publishing", *small]
    done = subprocess.run(
        command, cwd=ROOT, env=quiet_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {cell.split(" to one")[0] for cell in first_cells(done.stdout)} == {
        f"publication to {place}" for place in ("a disk", "a bucket")
    }


@pytest.mark.slow
def test_the_benchmark_of_saturation_runs():
    """On a few assets; how many are refused depends on how busy the machine is."""
    small = ["--top", "2", "--times", "100"]
    command = [sys.executable, "-m", "benchmarks.saturation", *small]
    done = subprocess.run(
        command, cwd=ROOT, env=quiet_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(first_cells(done.stdout)) == 6


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium")
def test_the_benchmark_of_the_page_runs():
    """On a few assets."""
    small = ["--rounds", "1", "--assets", "6", "--days", "60", "--visits", "5"]
    command = [sys.executable, "-m", "benchmarks.page", *small]
    done = subprocess.run(
        command, cwd=ROOT, env=quiet_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    printed = first_cells(done.stdout)
    assert shown_beside(printed) == printed


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium")
def test_the_benchmark_of_charts_names_what_it_leaves_out():
    """Against the page by hand alone: the other libraries are no part of the project."""
    small = ["--rounds", "1", "--loads", "1", "--assets", "6", "--days", "300"]
    command = [sys.executable, "-m", "benchmarks.charts", *small]
    done = subprocess.run(
        command, cwd=ROOT, env=quiet_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    printed = first_cells(done.stdout)
    shown = shown_beside(printed)
    assert printed <= shown
    out = done.stdout.partition("Left out")[2]
    for library in ("Panel", "Dash", "Streamlit"):
        assert (library in out) == all(f"to {library}:" not in cell for cell in printed)
