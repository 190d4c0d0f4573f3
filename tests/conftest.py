"""What every test can use: the recordings, where they are, and a place of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent


#: Tests must not depend on how fast a machine is.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recorded API answers; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("DATALAKE_REAL", ROOT.parent / "shared" / "real"))
    if not (folder / "index.json").is_file():
        pytest.skip(f"no recorded responses at {folder}; set DATALAKE_REAL")
    return folder
