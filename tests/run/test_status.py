"""How things stand, after runs that went well, badly, or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from datalake.plugins import load
from datalake.publish import open_place
from datalake.publish.lease import leased
from datalake.run.status import status
from datalake.stores import open_store

from .conftest import AS_OF

DAY = timedelta(days=1)
SMALL = {"assets": ["bitcoin", "ethereum"]}


@pytest.fixture
def stand(tmp_path):
    """The status at an instant."""
    place = open_place(tmp_path / "data.parquet", {}, {})
    store = open_store(str(tmp_path / "lake"), {})
    return lambda now: status(store, load(), place, now)


def test_before_any_run(stand):
    """It says what to do, and that nothing is published."""
    found = stand(AS_OF)
    assert (found.run, found.columns) == (None, [])
    assert "datalake run makes one" in found.next[0]
    assert "data.parquet" in found.published.trouble


def test_after_a_run_all_is_well(sandbox_run, stand):
    """Through which day each column and provider is known, and what is published."""
    result = sandbox_run(**SMALL)
    found = stand(AS_OF)
    assert found.next == []
    assert found.run.run_id == found.published.run_id == result.report.run_id
    assert found.published.version == result.report.output["version"]
    by_column = {one.column: one for one in found.columns}
    assert by_column["close"].source == "coingecko.market.price"
    assert (by_column["close"].through, by_column["close"].expected) == ("2026-03-14",) * 2
    assert {one.provider for one in found.providers} == {"coingecko", "defillama", "lunarcrush"}
    assert {one.days_behind for one in found.providers} == {0}


def test_a_run_that_is_overdue(sandbox_run, stand):
    """Nobody has run for two days: that explains all columns at once."""
    sandbox_run(**SMALL)
    found = stand(AS_OF + 2 * DAY)
    assert {one.days_behind for one in found.columns if one.through} == {2}
    assert found.next == ["the last run stands for 2026-03-15 10:30 UTC, 2 days ago: datalake run"]


def test_a_provider_that_fails(sandbox_run, stand):
    """Since when, how far it is behind, why, and where to look."""
    sandbox_run(**SMALL)
    first = sandbox_run(**SMALL, as_of=AS_OF + DAY, sandbox_faults=["public/coins=503"])
    sandbox_run(**SMALL, as_of=AS_OF + 2 * DAY, sandbox_faults=["public/coins=503"])
    found = stand(AS_OF + 2 * DAY)
    (failing,) = [one for one in found.providers if one.failed]
    assert (failing.provider, failing.days_behind) == ("lunarcrush", 2)
    assert failing.failing_since == first.report.started_at
    (step,) = found.next
    assert step.startswith(f"lunarcrush is 2 days behind since {first.report.started_at[:16]}Z")
    assert "503" in step
    assert "look at datalake cache why bitcoin lunarcrush.social" in step


def test_a_run_at_work_is_named(sandbox_run, stand, tmp_path):
    """Whoever holds the lease is waited for."""
    sandbox_run(**SMALL)
    place = open_place(tmp_path / "data.parquet", {}, {})
    with leased(place.store, "20260315T110000Z-abc", lambda: AS_OF):
        found = stand(AS_OF)
        assert "20260315T110000Z-abc" in found.published.held_by
        assert "is at work just now" in found.next[0]
    assert stand(AS_OF).published.held_by is None
