"""Rows of other code are other rows, though its version is the same: a digest tells."""

from pathlib import Path

import pytest

from datalake.running.software import MAKERS, digest, versions


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A package with a folder in it."""
    (tmp_path / "folding").mkdir()
    (tmp_path / "pipeline.py").write_text("one = 1\n")
    (tmp_path / "folding" / "frame.py").write_text("two = 2\n")
    return tmp_path


def test_an_edit_anywhere_below_shows(code):
    """In the folders of a package, too."""
    before = digest([code])
    (code / "folding" / "frame.py").write_text("two = 3\n")
    assert digest([code]) != before


def test_a_file_under_another_name_shows(code):
    """The same lines elsewhere are other code."""
    before = digest([code])
    (code / "folding" / "frame.py").rename(code / "frame.py")
    assert digest([code]) != before


def test_what_is_no_code_does_not_show(code):
    """Compiled files come and go."""
    before = digest([code])
    (code / "__pycache__").mkdir()
    (code / "__pycache__" / "pipeline.cpython-311.pyc").write_bytes(b"x")
    assert digest([code]) == before


def test_a_run_tells_of_the_code_that_makes_its_rows():
    """The fold's, the boundary's and the run's own."""
    assert set(MAKERS) == {"datalake_aggregation", "datalake.series", "datalake.running"}
    assert len(versions()["source"]) == 16
