"""Runs over real sockets against the sandbox, in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from datalake.client import Retry
from datalake.plugins import load
from datalake.running.options import Options
from datalake.running.pipeline import run
from datalake.running.result import Result

from ..reports import check_report

AS_OF = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
QUICKLY = Retry(attempts=3, initial=0.01, maximum=0.02)
Run = Callable[..., Result]


@pytest.fixture
def sandbox_run(tmp_path: Path) -> Run:
    """Make a run in the sandbox: small, over the last 60 days, unless told otherwise."""
    registry = load()

    def make(environment: dict[str, str] | None = None, **given: Any) -> Result:
        options = {
            "cache": str(tmp_path / "lake"),
            "output": tmp_path / "data.parquet",
            "sandbox": True,
            "as_of": AS_OF,
            "since": datetime(2026, 1, 15, tzinfo=timezone.utc).date(),
            "top": 12,
        }
        made = run(Options(**{**options, **given}), registry, environment or {}, retry=QUICKLY)
        check_report(made.report.json())
        return made

    return make
