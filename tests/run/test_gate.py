"""The gate in a whole run: what it is told of revisions, and how a refusal ends."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from datalake.cache import AssetCache, SeriesKey
from datalake.exits import Exit
from datalake.models import DAY, Window
from datalake.plugins import load
from datalake.running.folding.frame import with_ends
from datalake.stores import open_store

from .conftest import AS_OF, Run

NEXT = AS_OF + timedelta(days=1)
OLD = Window(date(2026, 2, 1), date(2026, 2, 11))


def tell(tmp_path: Path, asset: str, factor: float, moment: datetime) -> None:
    """Another pipeline writes other prices of ten old days into the shared cache."""
    store = open_store(str(tmp_path / "lake"), {})
    cache = AssetCache(store, clock=lambda: moment)
    dataset = load().providers["coingecko"].dataset("market")
    key = SeriesKey("coingecko", "market", asset)
    rows = pl.DataFrame(pl.from_arrow(cache.read(key, dataset)))
    days = rows.filter(pl.col("date").is_between(OLD.start, OLD.last))
    told = days.with_columns(pl.col("price") * factor).to_arrow(
        compat_level=pl.CompatLevel.oldest()
    )
    cache.put(key, dataset, asset, told, OLD)


def test_what_the_cache_learnt_since_is_a_revision(sandbox_run: Run, tmp_path: Path) -> None:
    """Whoever learnt it: an old day of one small asset is told by its values, and published."""
    first = sandbox_run()
    assert first.rows is not None
    small = first.report.universe["assets"][-1]
    tell(tmp_path, small, 1.2, AS_OF + timedelta(hours=6))
    second = sandbox_run(as_of=NEXT)
    assert second.exit is Exit.PUBLISHED, second.report.message
    (check,) = [one for one in second.report.gate["checks"] if one["name"] == "revisions"]
    assert check["level"] == "warning"
    assert f"{small} close on 10 days, such as 2026-02-" in check["detail"]


def test_a_change_that_nobody_learnt_is_refused(sandbox_run: Run, tmp_path: Path) -> None:
    """Rows that claim to be as old as what is published, and say something else."""
    sandbox_run()
    tell(tmp_path, "bitcoin", 1.5, AS_OF)
    output = tmp_path / "data.parquet"
    before = output.read_bytes()
    result = sandbox_run(as_of=NEXT)
    assert result.exit is Exit.REFUSED
    assert "past values: no vendor, mapping or universe explains" in result.report.message
    assert "bitcoin close on 10 days" in result.report.message
    assert output.read_bytes() == before
    assert Path(result.report.output["candidate"]).exists()


def test_a_revision_is_listed_in_the_report(sandbox_run: Run, tmp_path: Path) -> None:
    """The vendor says other things of the days that a run asks for again."""
    assets = {"assets": ["bitcoin"], "datasets": ["coingecko.market"]}
    sandbox_run(**assets)
    store = open_store(str(tmp_path / "lake"), {})
    cache = AssetCache(store, clock=lambda: AS_OF)
    dataset = load().providers["coingecko"].dataset("market")
    key = SeriesKey("coingecko", "market", "bitcoin")
    window = Window(date(2026, 3, 13), date(2026, 3, 15))
    rows = pl.DataFrame(pl.from_arrow(cache.read(key, dataset)))
    told = rows.filter(pl.col("date") >= window.start).with_columns(pl.col("price") * 1.01)
    cache.put(key, dataset, "bitcoin", told.to_arrow(compat_level=pl.CompatLevel.oldest()), window)
    result = sandbox_run(**assets, as_of=NEXT)
    section = result.report.providers["coingecko"]
    assert section["revised"] == [
        {
            "dataset": "market",
            "asset": "bitcoin",
            "first_day": "2026-03-13",
            "last_day": "2026-03-14",
            "days": 2,
        }
    ]
    assert section["revisions"] == 2


def test_an_asset_that_ended_days_ago_has_an_empty_row_today() -> None:
    """So that its last row is not taken for its present; one that is only late keeps its own."""
    last = date(2026, 3, 14)
    rows = pl.DataFrame(
        {
            "date": [last - 4 * DAY, last - 3 * DAY, last],
            "canonical_id": ["gone", "late", "there"],
            "close": [1.0, 2.0, 3.0],
        }
    )
    ended = with_ends(rows, last, 3 * DAY)
    assert ended.rows() == [
        (last - 4 * DAY, "gone", 1.0),
        (last, "gone", None),
        (last - 3 * DAY, "late", 2.0),
        (last, "there", 3.0),
    ]


def test_a_provider_that_is_out_for_a_week_leaves_nulls(sandbox_run: Run) -> None:
    """Its past stays, its days since are null, and the gate says since when."""
    sandbox_run()
    week = AS_OF + timedelta(days=7)
    result = sandbox_run(as_of=week, sandbox_faults=["lunarcrush=503"])
    assert result.exit is Exit.DEGRADED
    assert result.rows is not None
    scores = result.rows.filter(pl.col("date") > AS_OF.date() - DAY)["lc_galaxy_score"]
    assert len(scores) == 7 * 12
    assert scores.is_null().all()
    assert result.rows.filter(pl.col("date") < AS_OF.date())["lc_galaxy_score"].drop_nulls().len()
    (check,) = [one for one in result.report.gate["checks"] if one["name"] == "staleness"]
    assert check["level"] == "warning"
    assert "lc_galaxy_score is known through 2026-03-14 only, of 2026-03-21" in check["detail"]


def test_a_failed_provider_with_an_empty_cache_does_not_empty_its_columns(
    sandbox_run: Run, tmp_path: Path
) -> None:
    """What was published of it must not vanish: exit 4, and what was published stands."""
    sandbox_run()
    before = (tmp_path / "data.parquet").read_bytes()
    result = sandbox_run(as_of=NEXT, cache="memory:", sandbox_faults=["lunarcrush=401"])
    assert result.exit is Exit.REFUSED
    assert "lc_galaxy_score" in result.report.message
    assert (tmp_path / "data.parquet").read_bytes() == before
