"""Every kind of fault, at every vendor: what was known yesterday is still published today."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest

from datalake.client import Retry
from datalake.exits import Exit
from datalake.plugins import load
from datalake.running.options import Options
from datalake.running.pipeline import run
from datalake.running.result import Result

AS_OF = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
SERIES = "market_chart|historicalChainTvl|llama.fi/.*(protocol|summary|overview)/|time-series"
LISTS = "coins/markets|v2/chains|llama.fi/.*/protocols|overview/dexs|coins/list"
STATUSES = ["401", "404", "429:86400", "503"]
BODIES = ["html", "empty", "error-object", "string", "missing:time"]
WIRE = ["truncate", "redirect:http://127.0.0.1:9/x"]
ALIKE = ["403", "429", "429:0", "500", "502", "nan", "missing:prices", "reset", "redirect:/x"]
HARMLESS = ["unordered", "duplicate", "slow:0.01", "500*1"]


def make(folder: Path, **given: object) -> Result:
    """A run of a chain's coin and a protocol's token, with all three vendors."""
    defaults = {
        "cache": str(folder / "lake"),
        "output": folder / "x.parquet",
        "sandbox": True,
        "as_of": AS_OF,
        "since": date(2026, 3, 1),
        "assets": ["dogecoin", "ripple", "uniswap"],
    }
    quickly = Retry(attempts=2, initial=0.01, maximum=0.02)
    return run(Options(**{**defaults, **given}), load(), {}, retry=quickly)


@pytest.fixture(scope="module")
def yesterday(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache and the output of a healthy run."""
    folder = tmp_path_factory.mktemp("yesterday")
    assert make(folder).exit is Exit.PUBLISHED
    return folder


@pytest.fixture
def today(yesterday: Path, tmp_path: Path) -> Callable[[str], Result]:
    """The next day's run over yesterday's cache and output, with a fault."""
    shutil.copytree(yesterday, tmp_path, dirs_exist_ok=True)
    return lambda *faults: make(tmp_path, as_of=AS_OF + timedelta(days=1), sandbox_faults=faults)


def known(path: Path) -> set[tuple[object, ...]]:
    """Every value of a file: day, asset, column, value."""
    rows = pl.read_parquet(path).unpivot(index=["date", "canonical_id"]).drop_nulls("value")
    return set(rows.iter_rows())


@pytest.mark.parametrize(
    "action",
    [*STATUSES, *BODIES, *WIRE, *(pytest.param(one, marks=pytest.mark.slow) for one in ALIKE)],
)
@pytest.mark.parametrize("pattern", [SERIES, LISTS, "."], ids=["series", "lists", "all"])
def test_a_fault_takes_nothing_away(
    today: Callable[[str], Result], yesterday: Path, tmp_path: Path, pattern: str, action: str
) -> None:
    """Degraded where it matters, each failure with a sentence; no value of yesterday is gone."""
    result = today(f"{pattern}={action}")
    assert result.exit in (Exit.PUBLISHED, Exit.DEGRADED, Exit.FAILED, Exit.REFUSED)
    lost = known(yesterday / "x.parquet") - known(tmp_path / "x.parquet")
    assert not lost, f"{len(lost)} values, such as {sorted(lost, key=str)[0]}"
    for name, one in result.report.providers.items():
        for failure in one.get("failed", ()):
            assert failure["error"].startswith((name, "not asked any more", name.title()[:4]))
    if action in STATUSES and pattern == ".":
        assert result.exit is Exit.DEGRADED


@pytest.mark.parametrize("action", HARMLESS)
def test_what_is_no_trouble_changes_nothing(
    today: Callable[[str], Result], tmp_path: Path, action: str
) -> None:
    """Rows in another order or twice, an answer that dawdles, one that fails once: exit 0."""
    result = today(f".={action}")
    assert result.exit is Exit.PUBLISHED, result.report.message
    healthy = make(tmp_path, cache="memory:", as_of=AS_OF + timedelta(days=1))
    assert healthy.exit is Exit.PUBLISHED
    assert result.rows is not None
    assert healthy.rows is not None
    assert result.rows.equals(healthy.rows)
