"""What fails costs only itself: the last good data stands in, and the report says why."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from datalake import ConfigError
from datalake.exits import Exit

from .conftest import AS_OF, Run

NEXT = AS_OF + timedelta(days=1)


def test_a_provider_that_is_down_leaves_the_others(sandbox_run: Run) -> None:
    """Its columns are null, the exit code says so, every asset is listed with its reason."""
    result = sandbox_run(sandbox_faults=["lunarcrush=401"])
    assert result.exit is Exit.DEGRADED
    assert result.rows is not None
    assert result.rows["lc_galaxy_score"].is_null().all()
    assert result.rows["close"].null_count() == 0
    failed = result.report.providers["lunarcrush"]["failed"]
    assert len(failed) == 12
    assert "LUNARCRUSH_API_KEY" in failed[0]["error"]
    assert failed[0]["stale_through"] is None


def test_a_refused_key_is_not_tried_again_and_again(sandbox_run: Run) -> None:
    """Nobody locks a key out by asking with it two hundred times."""
    result = sandbox_run(sandbox_faults=["lunarcrush=401"])
    assert result.report.providers["lunarcrush"]["calls"] <= 9


def test_what_the_cache_holds_stands_in(sandbox_run: Run) -> None:
    """A provider that was there yesterday gives yesterday's rows today."""
    sandbox_run()
    result = sandbox_run(as_of=NEXT, sandbox_faults=["lunarcrush=401"])
    assert result.exit is Exit.DEGRADED
    rows = result.rows
    assert rows is not None
    scores = rows.drop_nulls("lc_galaxy_score")
    assert scores["date"].max() == date(2026, 3, 14)
    assert rows["date"].max() == date(2026, 3, 15)
    failed = result.report.providers["lunarcrush"]["failed"]
    # an asset of which nothing is known has nothing that could stand in
    assert {failure["stale_through"] for failure in failed} <= {"2026-03-14", None}
    assert sum(failure["stale_through"] is not None for failure in failed) > 5


def test_one_asset_that_fails_costs_only_itself(sandbox_run: Run) -> None:
    """A string where a number should be is that asset's failure, named with its column."""
    result = sandbox_run(sandbox_faults=["coins/ripple/market_chart=string"])
    assert result.exit is Exit.DEGRADED
    (failure,) = result.report.providers["coingecko"]["failed"]
    assert (failure["dataset"], failure["asset"]) == ("market", "ripple")
    assert result.rows is not None
    assert "ripple" not in set(result.rows["canonical_id"])
    assert result.rows["canonical_id"].n_unique() == 11


@pytest.mark.parametrize("fault", ["html", "empty", "error-object", "truncate", "nan", "string"])
def test_a_garbled_answer_never_reaches_the_output(sandbox_run: Run, fault: str) -> None:
    """It is a failure of that series, it is not cached, and the next run has the data."""
    result = sandbox_run(
        sandbox_faults=[f"coins/ethereum/market_chart={fault}"], assets=["bitcoin", "ethereum"]
    )
    assert result.exit is Exit.DEGRADED
    assert result.rows is not None
    assert set(result.rows["canonical_id"]) == {"bitcoin"}
    healthy = sandbox_run(assets=["bitcoin", "ethereum"])
    assert healthy.exit is Exit.PUBLISHED
    assert healthy.rows is not None
    assert set(healthy.rows["canonical_id"]) == {"bitcoin", "ethereum"}


@pytest.mark.parametrize("fault", ["unordered", "duplicate"])
def test_rows_out_of_order_or_twice_do_not_change_the_result(sandbox_run: Run, fault: str) -> None:
    """The same rows in another order are the same series."""
    good = sandbox_run(assets=["bitcoin"], providers=["coingecko"], cache="memory:")
    odd = sandbox_run(
        assets=["bitcoin"],
        providers=["coingecko"],
        cache="memory:",
        sandbox_faults=[f"market_chart={fault}"],
    )
    assert odd.exit is Exit.PUBLISHED, odd.report.message
    assert odd.rows is not None
    assert good.rows is not None
    assert odd.rows.equals(good.rows)


def test_one_hiccup_is_tried_again(sandbox_run: Run) -> None:
    """A single 500 costs a retry and nothing else."""
    result = sandbox_run(
        assets=["bitcoin"],
        sandbox_faults=["coins/bitcoin/market_chart=500*1"],
        providers=["coingecko"],
    )
    assert result.exit is Exit.PUBLISHED
    assert result.report.providers["coingecko"]["retries"] == 1


def test_when_every_provider_fails_nothing_is_written(sandbox_run: Run, tmp_path: Path) -> None:
    """Exit 7, no file where there was none, and the report says why."""
    result = sandbox_run(
        assets=["bitcoin"],
        providers=["coingecko"],
        sandbox_faults=["coingecko.*=401"],
    )
    assert result.exit is Exit.FAILED
    assert not (tmp_path / "data.parquet").exists()
    assert "COINGECKO_PRO_API_KEY" in result.report.providers["coingecko"]["failed"][0]["error"]


def test_an_empty_universe_publishes_nothing(sandbox_run: Run, tmp_path: Path) -> None:
    """Where there is no older one either."""
    result = sandbox_run(sandbox_faults=["coins/markets=empty"])
    assert result.exit is Exit.FAILED
    assert "lists no assets" in result.report.message
    assert not (tmp_path / "data.parquet").exists()


def test_the_archived_universe_stands_in(sandbox_run: Run) -> None:
    """A list that cannot be had today is yesterday's, and the run is degraded."""
    sandbox_run()
    result = sandbox_run(as_of=NEXT, sandbox_faults=["coins/markets=403"])
    assert result.exit is Exit.DEGRADED
    assert "2026-03-15" in result.report.universe["trouble"]
    assert result.rows is not None
    assert result.rows["canonical_id"].n_unique() == 12


def test_strict_publishes_nothing_that_is_not_whole(sandbox_run: Run, tmp_path: Path) -> None:
    """What was published before stands, byte for byte."""
    sandbox_run()
    before = (tmp_path / "data.parquet").read_bytes()
    result = sandbox_run(as_of=NEXT, strict=True, sandbox_faults=["lunarcrush=401"])
    assert result.exit is Exit.REFUSED
    assert (tmp_path / "data.parquet").read_bytes() == before


def test_the_gate_keeps_a_candidate_that_lost_too_much(sandbox_run: Run, tmp_path: Path) -> None:
    """Half of the assets gone: exit 4, the candidate kept, the published file untouched."""
    sandbox_run()
    before = (tmp_path / "data.parquet").read_bytes()
    result = sandbox_run(top=6)
    assert result.exit is Exit.REFUSED
    assert (tmp_path / "data.parquet").read_bytes() == before
    candidate = pl.read_parquet(result.report.output["candidate"])
    assert candidate["canonical_id"].n_unique() == 6
    forced = sandbox_run(top=6, force_publish="a smaller dashboard")
    assert forced.exit is Exit.PUBLISHED
    assert any("a smaller dashboard" in check["detail"] for check in forced.report.gate["checks"])


def test_data_of_two_origins_are_never_mixed(sandbox_run: Run, recordings: Path) -> None:
    """Neither in a store nor in an output."""
    sandbox_run()
    with pytest.raises(ConfigError, match="holds sandbox data"):
        sandbox_run(recordings=recordings, as_of=None, since=None)
    with pytest.raises(ConfigError, match="synthetic"):
        sandbox_run(sandbox=False, as_of=None, since=None)


def test_a_sum_is_withheld_while_a_large_member_is_missing(sandbox_run: Run) -> None:
    """Without wrapped ether's volume, ether's is a wrong number; its own price is not."""
    result = sandbox_run(
        assets=["ethereum"],
        datasets=["coingecko.market"],
        sandbox_faults=["coins/weth/market_chart=string"],
    )
    assert result.exit is Exit.DEGRADED
    assert result.rows is not None
    assert result.rows["close"].null_count() == 0
    assert result.rows["volume"].is_null().all()


def test_a_late_native_does_not_leave_the_variants_volume_alone(sandbox_run: Run) -> None:
    """The day after, only the variants answer: the native's last day stays unknown."""
    assets = {"assets": ["ethereum"], "datasets": ["coingecko.market"]}
    first = sandbox_run(**assets)
    second = sandbox_run(**assets, as_of=NEXT, sandbox_faults=["coins/ethereum/market_chart=503"])
    assert second.exit is Exit.DEGRADED
    assert first.rows is not None
    assert second.rows is not None
    assert second.rows.equals(first.rows)


def test_a_provider_alone_still_knows_its_assets(sandbox_run: Run) -> None:
    """The list comes from whoever can list; prices were not wanted, so rows need none."""
    result = sandbox_run(providers=["lunarcrush"])
    assert result.exit is Exit.PUBLISHED
    assert result.report.providers["coingecko"]["calls"] == 1
    assert result.rows is not None
    assert result.rows["lc_galaxy_score"].drop_nulls().len() > 300


def test_a_small_member_that_is_late_does_not_hold_back_the_sum(sandbox_run: Run) -> None:
    """One obscure token must not blank bitcoin's volume; it is in the report all the same."""
    assets = {"assets": ["bitcoin"], "datasets": ["coingecko.market"]}
    sandbox_run(**assets)
    result = sandbox_run(
        **assets, as_of=NEXT, sandbox_faults=["coins/near-intents-bridged-btc/market_chart=503"]
    )
    assert result.exit is Exit.DEGRADED
    (failure,) = result.report.providers["coingecko"]["failed"]
    assert (failure["asset"], failure["stale_through"]) == (
        "near-intents-bridged-btc",
        "2026-03-14",
    )
    assert result.rows is not None
    last = result.rows.row(-1, named=True)
    assert last["date"] == date(2026, 3, 15)
    assert last["volume"] is not None


def test_a_dead_variant_that_fails_does_not_blank_its_successor(sandbox_run: Run) -> None:
    """It had ended long before: what is unknown is one day of nothing, not months."""
    assets = {
        "assets": ["polygon-ecosystem-token"],
        "datasets": ["coingecko.market"],
        "since": date(2025, 6, 1),
    }
    later = AS_OF + timedelta(days=200)
    first = sandbox_run(**assets, as_of=later)
    faults = ["coins/matic-network/market_chart=500"]
    second = sandbox_run(**assets, as_of=later + timedelta(days=1), sandbox_faults=faults)
    assert first.rows is not None
    assert second.rows is not None
    assert second.rows.height == first.rows.height + 1
    assert second.rows["volume"].null_count() == first.rows["volume"].null_count()


def test_a_late_native_is_stale_and_says_so(sandbox_run: Run) -> None:
    """Its day is not there yet: exit 3, with the last day that is known."""
    sandbox_run(assets=["bitcoin", "ethereum"], datasets=["coingecko.market"])
    result = sandbox_run(
        assets=["bitcoin", "ethereum"],
        datasets=["coingecko.market"],
        as_of=NEXT,
        sandbox_faults=["coins/ethereum/market_chart=503"],
    )
    assert result.exit is Exit.DEGRADED
    assert result.rows is not None
    ends = result.rows.group_by("canonical_id").agg(pl.col("date").max())
    assert dict(ends.iter_rows()) == {
        "bitcoin": date(2026, 3, 15),
        "ethereum": date(2026, 3, 14),
    }


def test_an_archived_universe_has_the_members_of_todays_mapping(
    sandbox_run: Run, tmp_path: Path
) -> None:
    """The list is old, the fold is not: no member is left out of a sum."""
    old = tmp_path / "old.yaml"
    old.write_text("version: 1\nassets:\n  bitcoin:\n    wrapped: [coinbase-wrapped-btc]\n")
    sandbox_run(top=3, mapping=old, cache=str(tmp_path / "lake"), output=tmp_path / "old.parquet")
    whole = sandbox_run(top=3, as_of=NEXT, cache="memory:", output=tmp_path / "whole.parquet")
    result = sandbox_run(top=3, as_of=NEXT, sandbox_faults=["coins/markets=503"])
    assert result.exit is Exit.DEGRADED
    assert result.rows is not None
    assert whole.rows is not None
    keys = ["canonical_id", "date", "close", "volume"]
    assert result.rows.select(keys).equals(whole.rows.select(keys))


def test_a_name_found_yesterday_is_not_forgotten_today(sandbox_run: Run) -> None:
    """Without the list's description LunarCrush's coin cannot be told anew: it is yesterday's."""
    assets = {"assets": ["bitcoin", "ripple"], "providers": ["coingecko", "lunarcrush"]}
    sandbox_run(**assets)
    result = sandbox_run(**assets, as_of=NEXT, sandbox_faults=["coins/markets=503"])
    assert result.exit is Exit.DEGRADED
    assert result.rows is not None
    scores = result.rows.drop_nulls("lc_galaxy_score")
    assert set(scores["canonical_id"]) == {"bitcoin", "ripple"}
    assert scores["date"].max() == date(2026, 3, 15)
    assert result.report.providers["lunarcrush"]["failed"] == []


def test_lists_that_are_down_do_not_matter_to_a_full_cache(sandbox_run: Run) -> None:
    """Nothing has to be asked, so nothing fails."""
    sandbox_run(assets=["ethereum"])
    again = sandbox_run(assets=["ethereum"], sandbox_faults=["v2/chains=503", "coins/list/v1=503"])
    assert again.exit is Exit.PUBLISHED, again.report.message


def test_without_any_price_nothing_is_published(sandbox_run: Run, tmp_path: Path) -> None:
    """Exit 7 with the cause, not a complaint about an empty file."""
    result = sandbox_run(sandbox_faults=["market_chart=401"], top=3)
    assert result.exit is Exit.FAILED
    assert "COINGECKO_PRO_API_KEY" in result.report.message
    assert not (tmp_path / "data.parquet").exists()


@pytest.mark.parametrize(("fault", "exit_code"), [("negative", 0), ("gaps", 0), ("null", 0)])
def test_holes_in_an_answer_are_holes_in_the_rows(
    sandbox_run: Run, tmp_path: Path, fault: str, exit_code: int
) -> None:
    """What is negative is not let in and counted; what is missing is null or no row, never 0."""
    apart = {"cache": "memory:", "output": tmp_path / "good.parquet"}
    good = sandbox_run(assets=["monero"], datasets=["coingecko.market"], **apart)
    odd = sandbox_run(
        assets=["monero"],
        datasets=["coingecko.market"],
        sandbox_faults=[f"coins/monero/market_chart={fault}"],
    )
    assert int(odd.exit) == exit_code, odd.report.message
    assert good.rows is not None
    assert odd.rows is not None
    assert odd.report.providers["coingecko"]["rejected"] == (2 if fault == "negative" else 0)
    both = odd.rows.join(good.rows, on=["canonical_id", "date"], suffix="_good")
    assert both.height == odd.rows.height
    for column in ("close", "market_cap"):
        known = both.drop_nulls(column)
        assert known[column].to_list() == known[f"{column}_good"].to_list()
        assert fault == "gaps" or known.height >= good.rows.height - 1
