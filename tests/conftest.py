"""What every test can use: the recordings, where they are, and a place of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from . import spark as local_spark
from .fake_gcs import FakeGcs

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


@pytest.fixture
def gcs() -> Iterator[FakeGcs]:
    """A running Google Cloud Storage with an empty bucket `lake`."""
    with FakeGcs() as server:
        server.create_bucket("lake")
        yield server


@pytest.fixture
def gcs_env(gcs: FakeGcs) -> dict[str, str]:
    """What leads a process to that server instead of the real one."""
    return {"STORAGE_EMULATOR_HOST": gcs.url, "GCP_PROJECT_ID": "test"}


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A small local Spark; tests that need it skip where it, or Java, is missing."""
    yield from local_spark.session()
