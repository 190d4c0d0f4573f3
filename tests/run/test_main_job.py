"""The main job, end to end: what it makes, what it calls, and that it repeats nothing."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from datalake.exits import Exit
from datalake.publish import STANDARD

from .conftest import AS_OF, Run


def calls(result):
    """Calls by provider, as the report has them."""
    return {name: one["calls"] for name, one in result.report.providers.items()}


def test_a_first_run_publishes_the_ten_columns_of_exactly_top_assets(
    sandbox_run: Run, tmp_path: Path
) -> None:
    """All three providers contribute, and the file holds closed days only."""
    result = sandbox_run(top=40)
    assert result.exit is Exit.PUBLISHED, result.report.message
    rows = pl.read_parquet(tmp_path / "data.parquet")
    assert tuple(rows.columns) == STANDARD
    assert rows["canonical_id"].n_unique() == 40 == result.report.universe["size"]
    assert rows["date"].max().date() == date(2026, 3, 14)
    assert rows["date"].min().date() == date(2026, 1, 15)
    for column in STANDARD[2:]:
        assert rows[column].drop_nulls().len() > 30, column
    assert rows.equals(rows.sort("canonical_id", "date"))
    assert not rows.select("canonical_id", "date").is_duplicated().any()


def test_what_was_made_in_the_sandbox_says_so(sandbox_run: Run, tmp_path: Path) -> None:
    """In the file's metadata and in the report."""
    result = sandbox_run()
    metadata = pq.ParquetFile(tmp_path / "data.parquet").metadata.metadata
    assert json.loads(metadata[b"datalake.synthetic"]) is True
    assert json.loads(metadata[b"datalake.as_of"]) == "2026-03-15T10:30:00Z"
    assert result.report.synthetic is True


def test_a_second_run_makes_no_series_call_at_all(sandbox_run: Run, tmp_path: Path) -> None:
    """Only the lists are asked again: the universe, DefiLlama's three, LunarCrush's one."""
    first = sandbox_run()
    bytes_of_first = (tmp_path / "data.parquet").read_bytes()
    second = sandbox_run()
    assert calls(second) == {"coingecko": 1, "defillama": 3, "lunarcrush": 1}
    assert sum(calls(first).values()) > 60
    for one in second.report.providers.values():
        assert one["cache_hits"] == one["series"] > 0
    assert (tmp_path / "data.parquet").read_bytes() == bytes_of_first


def test_the_next_day_only_tails_are_asked(sandbox_run: Run) -> None:
    """One call for each series, and what was known stays as it was."""
    first = sandbox_run()
    second = sandbox_run(as_of=AS_OF + timedelta(days=1))
    assert second.exit is Exit.PUBLISHED
    assert second.report.providers["coingecko"]["revisions"] == 0
    assert second.rows is not None
    assert first.rows is not None
    old = second.rows.filter(pl.col("date") < AS_OF.date())
    both = old.join(first.rows, on=["canonical_id", "date"], suffix="_before")
    assert both.height == first.rows.height
    assert both["close"].equals(both["close_before"])


def test_the_same_seed_and_clock_give_the_same_bytes(sandbox_run: Run, tmp_path: Path) -> None:
    """A run can be replayed, from another cache and into another file."""
    sandbox_run()
    sandbox_run(cache="memory:", output=tmp_path / "again.parquet")
    again = (tmp_path / "again.parquet").read_bytes()
    assert again == (tmp_path / "data.parquet").read_bytes()


def test_variants_are_folded_and_their_volume_is_added(sandbox_run: Run, tmp_path: Path) -> None:
    """Bitcoin's price is the native one, its volume that of all members, no variant has rows."""
    result = sandbox_run(assets=["wrapped-bitcoin", "ethereum"], datasets=["coingecko.market"])
    rows = result.rows
    assert rows is not None
    assert set(rows["canonical_id"]) == {"bitcoin", "ethereum"}
    members = result.report.mapping["folded"]["bitcoin"]
    assert "wrapped-bitcoin" in members
    lake = tmp_path / "lake/series/v1/provider=coingecko/dataset=market"
    series = {
        path.parent.name.removeprefix("asset="): pl.read_parquet(path)
        for path in lake.glob("asset=*/series.parquet")
    }
    day = date(2026, 3, 1)
    on_day = {
        asset: one.filter(pl.col("date") == day).row(0, named=True)
        for asset, one in series.items()
        if asset in ("bitcoin", *members) and one.filter(pl.col("date") == day).height
    }
    bitcoin = rows.filter(pl.col("canonical_id") == "bitcoin", pl.col("date") == day)
    assert len(on_day) > 2
    assert bitcoin["close"].item() == on_day["bitcoin"]["price"]
    total = sum(one["volume"] for one in on_day.values() if one["volume"] is not None)
    assert abs(bitcoin["volume"].item() / total - 1) < 1e-9


def test_extended_columns_add_candles_and_social_figures(sandbox_run: Run, tmp_path: Path) -> None:
    """They come after the ten standard ones."""
    sandbox_run(columns="extended")
    rows = pl.read_parquet(tmp_path / "data.parquet")
    assert tuple(rows.columns[:10]) == STANDARD
    assert set(rows.columns[10:]) >= {"open", "high", "low", "lc_social_dominance"}
    candles = rows.drop_nulls(["open", "high", "low"])
    assert candles.height > 300
    assert (candles["low"] <= candles["high"]).all()


def test_the_universe_is_archived_once_for_each_instant(sandbox_run: Run, tmp_path: Path) -> None:
    """With rank, cap and members, readable by anybody."""
    sandbox_run()
    sandbox_run()
    (archived,) = (tmp_path / "lake/universe/v1/selection=top").rglob("*.parquet")
    assert archived.parent.name == "date=2026-03-15"
    table = pl.read_parquet(archived, hive_partitioning=False)
    assert table["rank"].to_list() == list(range(1, 13))
    assert "wrapped-bitcoin" in table.filter(pl.col("canonical_id") == "bitcoin")["members"].item()


def test_the_assets_file_lists_the_whole_universe(sandbox_run: Run, tmp_path: Path) -> None:
    """By rank, with the last day known of each column."""
    sandbox_run()
    assets = pl.read_parquet(tmp_path / "data.assets.parquet")
    assert assets.height == 12
    first = assets.row(0, named=True)
    assert (first["canonical_id"], first["symbol"]) == ("bitcoin", "btc")
    assert first["close_through"] == date(2026, 3, 14)


def test_the_report_is_kept_beside_the_output_and_in_the_store(
    sandbox_run: Run, tmp_path: Path
) -> None:
    """And where the user wants it, the same each time."""
    result = sandbox_run(report=tmp_path / "deep/report.json")
    texts = {
        (tmp_path / "deep/report.json").read_text(),
        (tmp_path / "data.report.json").read_text(),
        (tmp_path / f"lake/runs/v1/{result.report.run_id}.json").read_text(),
    }
    (text,) = texts
    report = json.loads(text)
    assert report["status"] == "published"
    assert report["exit_code"] == 0
    assert report["output"]["rows"] == result.rows.height
    assert report["providers"]["lunarcrush"]["series"] > 5


def test_demo_and_keyless_plans_are_clamped_not_failed(sandbox_run: Run) -> None:
    """A request beyond the plan's 365 days brings what the plan has."""
    for environment in ({"COINGECKO_PLAN": "keyless"}, {"COINGECKO_PLAN": "demo"}):
        result = sandbox_run(
            environment,
            providers=["coingecko"],
            assets=["bitcoin"],
            since=date(2020, 1, 1),
            cache="memory:",
        )
        assert result.exit is Exit.PUBLISHED
        assert result.rows is not None
        assert result.rows["date"].min() == date(2025, 3, 15)
        assert result.rows["date"].max() == date(2026, 3, 14)


def test_recordings_are_replayed_with_their_own_clock(recordings: Path, sandbox_run: Run) -> None:
    """Row D carries the recorded price of D+1 00:00; nothing later than the clock is there."""
    result = sandbox_run(
        recordings=recordings,
        as_of=None,
        since=None,
        assets=["aave", "bitget-token", "pepe"],
        providers=["coingecko"],
    )
    assert result.rows is not None
    assert result.report.as_of.startswith("2026-03-15T10:30")
    body = json.loads(
        (recordings / "coingecko/market_chart__aave__365d_daily__2026-03-15.json").read_text()
    )
    prices = dict(map(tuple, body["prices"]))
    aave = result.rows.filter(pl.col("canonical_id") == "aave")
    assert aave["date"].max() == date(2026, 3, 14)
    for row in aave.iter_rows(named=True):
        midnight = (row["date"] + timedelta(days=1) - date(1970, 1, 1)).days * 86_400_000
        assert row["close"] == prices[midnight]
    bitget = result.rows.filter(pl.col("canonical_id") == "bitget-token")
    assert bitget["date"].max() == date(2026, 3, 13), "recorded on the 14th, before it was over"
    assert aave.height == len([stamp for stamp in prices if stamp % 86_400_000 == 0])
    assert result.rows["date"].max() == date(2026, 3, 14)
