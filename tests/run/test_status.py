"""How things stand, after runs that went well, badly, or not at all."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from datalake.plugins import load
from datalake.publish import open_place
from datalake.publish.lease import KEY, Lease, leased
from datalake.running.reporting.status import status
from datalake.stores import ABSENT, open_store

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
    assert "data.parquet" in found.published.trouble
    assert found.next[0] == found.published.trouble
    assert "datalake run makes one" in found.next[1]


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


def test_a_refusal_names_the_way_out_that_there_is(sandbox_run, stand):
    """A reason helps against the gate, and not against the fence."""
    sandbox_run(**SMALL)
    sandbox_run(**SMALL, since=AS_OF.date() - 5 * DAY)
    (step,) = stand(AS_OF).next
    assert "data.candidate.parquet" in step
    assert "--force-publish" in step
    fenced = sandbox_run(**SMALL, as_of=AS_OF - DAY)
    assert "--force-publish" not in fenced.report.message
    step = stand(AS_OF).next[0]
    assert "data.candidate.parquet" in step
    assert "--force-publish" not in step


def test_a_run_that_is_overdue(sandbox_run, stand):
    """Nobody has run for two days: that explains all columns at once."""
    sandbox_run(**SMALL)
    found = stand(AS_OF + 2 * DAY)
    assert {one.days_behind for one in found.columns if one.through} == {2}
    assert found.next == ["the last run stands for 2026-03-15 10:30 UTC, 2 days ago: datalake run"]


def test_a_provider_that_fails(sandbox_run, stand, tmp_path):
    """Since when, how far it is behind, why, and where to look."""
    sandbox_run(**SMALL)
    first = sandbox_run(**SMALL, as_of=AS_OF + DAY, sandbox_faults=["public/coins=503"])
    last = sandbox_run(**SMALL, as_of=AS_OF + 2 * DAY, sandbox_faults=["public/coins=503"])
    found = stand(AS_OF + 2 * DAY)
    (failing,) = [one for one in found.providers if one.failed]
    assert (failing.provider, failing.days_behind) == ("lunarcrush", 2)
    assert failing.failing_since == first.report.started_at
    (step,) = found.next
    assert step.startswith(f"lunarcrush is 2 days behind since {first.report.started_at[:16]}Z")
    assert "503" in step
    assert "look at datalake cache why bitcoin lunarcrush.social" in step
    (path,) = (tmp_path / "lake").rglob(f"{last.report.run_id}.json")
    path.write_text("{")
    (failing,) = [one for one in stand(AS_OF + 2 * DAY).providers if one.failed]
    assert failing.failing_since == first.report.started_at


def test_a_run_at_work_is_named_and_is_no_trouble(sandbox_run, stand, tmp_path):
    """Neither for the day that it has its lease nor for what it is about to make up for."""
    place = open_place(tmp_path / "data.parquet", {}, {})
    with leased(place.store, "20260315T110000Z-abc", lambda: AS_OF):
        assert stand(AS_OF).next == []
    sandbox_run(**SMALL)
    with leased(place.store, "20260315T110000Z-abc", lambda: AS_OF + 2 * DAY):
        found = stand(AS_OF + 2 * DAY)
        assert "20260315T110000Z-abc" in found.published.held_by
        assert found.next == []
    assert stand(AS_OF).published.held_by is None


def test_a_run_that_seems_to_hang(sandbox_run, stand, tmp_path):
    """It renews its lease and comes to no end."""
    sandbox_run(**SMALL)
    lease = Lease("slow", "elsewhere", 1, AS_OF - DAY, AS_OF + DAY)
    open_place(tmp_path / "data.parquet", {}, {}).store.put(
        KEY, lease.encode(), {}, if_generation=ABSENT
    )
    (step,) = stand(AS_OF).next
    assert "slow" in step
    assert "hangs" in step


@pytest.mark.parametrize("left", [b"", b'{"format": 1}', None], ids=["empty", "half", "gone"])
def test_what_is_published_is_damaged(sandbox_run, stand, tmp_path, left):
    """A pointer that nobody can follow is told, and not that all is well."""
    sandbox_run(**SMALL)
    pointer = tmp_path / "data.published/current.json"
    pointer.unlink() if left is None else pointer.write_bytes(left)
    found = stand(AS_OF)
    (step,) = found.next
    assert "current.json is missing" in step if left is None else "is damaged" in step
    assert found.published.version is None


def test_an_output_that_cannot_be_reached(sandbox_run, tmp_path, gcs, gcs_env):
    """It is the output that is told, and what the cache says is told all the same."""
    sandbox_run(**SMALL)
    place = open_place("gs://lake/x.parquet", {}, gcs_env)
    gcs.fault("status:403", times=0)
    found = status(open_store(str(tmp_path / "lake"), {}), load(), place, AS_OF)
    assert found.run is not None
    (step,) = found.next
    assert step == found.published.trouble
    assert "gs://lake/x" in step


DAMAGES = [
    lambda report: "{",
    lambda report: "[" * 100_000,
    lambda report: {},
    lambda report: {**report, "providers": None},
    lambda report: {**report, "as_of": "yesterday"},
    lambda report: {**report, "freshness": {"close": {"source": "coingecko"}}},
    lambda report: {**report, "providers": {"coingecko": {"failed": ["?"]}}},
]


def test_the_newest_report_is_damaged(sandbox_run, stand, tmp_path):
    """It is named, and how things stand is told by the one before."""
    made = [sandbox_run(**SMALL, as_of=AS_OF + days * DAY).report.run_id for days in range(2)]
    older, newest = sorted(made)
    (path,) = (tmp_path / "lake").rglob(f"{newest}.json")
    whole = json.loads(path.read_text())
    for damage in DAMAGES:
        spoilt = damage(whole)
        path.write_text(spoilt if isinstance(spoilt, str) else json.dumps(spoilt))
        found = stand(AS_OF + DAY)
        assert found.run.run_id == older
        assert newest in found.next[0]
        assert "damaged" in found.next[0]
