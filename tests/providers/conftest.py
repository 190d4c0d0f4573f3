"""Recorded answers of the live APIs, for tests that must hold on real data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

BESIDE_THE_CHECKOUT = Path(__file__).parents[3] / "shared" / "real"


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of recordings; without it the test is skipped, and says so."""
    folder = Path(os.environ.get("DATALAKE_REAL", BESIDE_THE_CHECKOUT))
    if not folder.is_dir():
        pytest.skip(f"no recorded answers at {folder} (set DATALAKE_REAL)")
    return folder
