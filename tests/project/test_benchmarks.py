"""The benchmark runs as its page says, and prints the table that the page shows."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from .conftest import ROOT, quiet_environment

PAGE = ROOT / "benchmarks" / "README.md"


def printed_by(module, *options):
    """What the benchmark of that name prints."""
    command = [sys.executable, "-m", f"benchmarks{module}", *options]
    done = subprocess.run(
        command, cwd=ROOT, env=quiet_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


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
    told = printed_by(module, *SMALL[module])
    printed = first_cells(told)
    assert shown_beside(printed) <= printed
    if not module:
        calls = next(line for line in told.splitlines() if "calls" in line)
        base, measured, _ = (float(cell.replace(",", "")) for cell in calls.split("|")[2:5])
        assert measured < base


@pytest.mark.slow
def test_the_benchmark_of_parsing_prints_its_rows():
    """Small, as above."""
    small = ["--rounds", "1", "--charts", "2", "--megabytes", "1", "--top", "2"]
    told = printed_by(".parsing", *small)
    printed = first_cells(told)
    assert shown_beside(printed) == printed


@pytest.mark.slow
def test_the_benchmark_of_a_notebook_prints_its_rows():
    """On two assets."""
    told = printed_by(".notebook", "--rounds", "1", "--assets", "2", "--days", "9")
    (shown,) = (
        first_cells(table.partition("\n\n")[0])
        for table in PAGE.read_text(encoding="utf-8").split("| what to what |")
        if "by datalake to" in table
    )
    assert shown == first_cells(told)


def test_the_benchmark_of_publishing_runs():
    """On a few rows."""
    small = ["--rounds", "1", "--assets", "20", "--days", "60"]
    told = printed_by(".publishing", *small)
    assert {cell.split(" to one")[0] for cell in first_cells(told)} == {
        f"publication to {place}" for place in ("a disk", "a bucket")
    }


@pytest.mark.slow
def test_the_benchmark_of_saturation_runs():
    """On a few assets; how many are refused depends on how busy the machine is."""
    small = ["--top", "2", "--times", "100"]
    told = printed_by(".saturation", *small)
    assert len(first_cells(told)) == 6


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium")
def test_the_benchmark_of_the_page_runs():
    """On a few assets."""
    small = ["--rounds", "1", "--assets", "6", "--days", "60", "--visits", "5"]
    told = printed_by(".page", *small)
    printed = first_cells(told)
    assert shown_beside(printed) == printed


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium")
def test_the_benchmark_of_charts_names_what_it_leaves_out():
    """Against the page by hand alone: the other libraries are no part of the project."""
    small = ["--rounds", "1", "--loads", "1", "--assets", "6", "--days", "300"]
    told = printed_by(".charts", *small)
    printed = first_cells(told)
    shown = shown_beside(printed)
    assert printed <= shown
    out = told.partition("Left out")[2]
    for library in ("Panel", "Dash", "Streamlit"):
        assert (library in out) == all(f"to {library}:" not in cell for cell in printed)
