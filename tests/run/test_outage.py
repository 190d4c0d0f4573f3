"""A provider that is gone for a day, and comes back: told, bounded, and healed without a hand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from datalake.client.breaker import COOL_DOWNS, FAILURES
from datalake.exits import Exit
from datalake.running.fetching.lane import MOST

from .conftest import AS_OF, Run

NEXT, AFTER = AS_OF + timedelta(days=1), AS_OF + timedelta(days=2)
SMALL = {
    "assets": ["ethereum", "binancecoin", "solana", "ripple"],
    "datasets": ["coingecko.market", "defillama.chain_tvl", "lunarcrush.social"],
}
#: The pattern of each provider's hosts, and a column that it alone brings.
GONE = {
    "coingecko": ("coingecko", "close"),
    "defillama": ("llama", "chain_tvl"),
    "lunarcrush": ("lunarcrush", "lc_galaxy_score"),
}


@pytest.mark.parametrize(
    ("provider", "fault"),
    [("coingecko", "refused"), ("defillama", "503"), ("lunarcrush", "429")],
)
def test_a_day_without_a_provider(
    sandbox_run: Run, tmp_path: Path, provider: str, fault: str
) -> None:
    """Whole, degraded with its freshness told, whole again; the same as if nothing had been."""
    pattern, column = GONE[provider]
    first = sandbox_run(**SMALL)
    assert first.exit is Exit.PUBLISHED, first.report.message

    dead = sandbox_run(**SMALL, as_of=NEXT, sandbox_faults=[f"{pattern}={fault}"])
    assert dead.exit is Exit.DEGRADED, dead.report.message
    assert dead.rows is not None
    assert dead.rows.drop_nulls(column)["date"].max() == date(2026, 3, 14)
    assert dead.report.freshness[column]["through"] == "2026-03-14"
    assert dead.report.freshness[column]["expected"] == "2026-03-15"
    told = dead.report.providers[provider]
    assert {one["stale_through"] for one in told["failed"]} <= {"2026-03-14", None}
    # the lister's own tries come first, and are failures in a row as well
    assert told["calls"] <= FAILURES + MOST + len(COOL_DOWNS) + 3

    back = sandbox_run(**SMALL, as_of=AFTER)
    assert back.exit is Exit.PUBLISHED, back.report.message
    assert back.report.providers[provider]["failed"] == []
    undisturbed = sandbox_run(
        **SMALL, as_of=AFTER, cache="memory:", output=tmp_path / "undisturbed.parquet"
    )
    assert back.rows is not None
    assert undisturbed.rows is not None
    keys = ["canonical_id", "date"]
    both = back.rows.join(undisturbed.rows, on=keys, how="semi")
    assert both.sort(keys).equals(undisturbed.rows.sort(keys))
    assert back.rows.filter(pl.col("date") == date(2026, 3, 16)).height == 4


def test_a_dead_provider_is_told_in_one_line(sandbox_run: Run) -> None:
    """Whatever number of series it cost, for each dataset there is one cause."""
    result = sandbox_run(**SMALL, sandbox_faults=["llama=503"])
    errors = {one["error"] for one in result.report.providers["defillama"]["failed"]}
    assert len(errors) <= 2
    assert all("answered 503" in error for error in errors)
