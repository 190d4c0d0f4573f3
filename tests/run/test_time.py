"""Closed days only: what a vendor still changes is neither published nor kept as final."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest

from datalake.client.transport import told_time
from datalake.errors import ConfigError
from datalake.exits import Exit
from datalake.plugins import load
from datalake.running.options import Options
from datalake.running.pipeline import run
from datalake.running.reporting.report import new_run_id

from .conftest import AS_OF, Run


def at(clock: str) -> datetime:
    """An instant of 2026-03-16, UTC."""
    return datetime.fromisoformat(f"2026-03-16T{clock}:00").replace(tzinfo=timezone.utc)


def last_days(result) -> dict[str, date]:
    """The last day with a value, by column."""
    values = [column for column in result.rows.columns if column not in ("date", "canonical_id")]
    return {
        column: known["date"].max()
        for column in values
        if (known := result.rows.drop_nulls(column)).height
    }


@pytest.mark.parametrize(
    ("clock", "market", "tvl", "dex", "social"),
    [
        ("00:10", 14, 14, 14, 14),
        ("00:45", 15, 14, 14, 14),
        ("02:30", 15, 15, 14, 15),
        ("06:30", 15, 15, 15, 15),
    ],
)
def test_each_column_ends_with_its_last_settled_day(
    sandbox_run: Run, clock: str, market: int, tvl: int, dex: int, social: int
) -> None:
    """As each source declares how long after midnight a day is final."""
    result = sandbox_run(as_of=at(clock), assets=["ethereum"])
    assert result.exit is Exit.PUBLISHED, result.report.message
    last = {column: day.day for column, day in last_days(result).items()}
    assert (last["close"], last["chain_tvl"]) == (market, tvl)
    assert (last["dex_volume"], last["lc_sentiment"]) == (dex, social)


@pytest.mark.parametrize("early", ["00:10", "00:45", "02:30"])
def test_an_early_run_leaves_nothing_unsettled_behind(sandbox_run: Run, early: str) -> None:
    """The cache of a run just after midnight gives the same morning file as a fresh one."""
    sandbox_run(as_of=at(early), assets=["ethereum", "aave"])
    warm = sandbox_run(as_of=at("06:30"), assets=["ethereum", "aave"])
    fresh = sandbox_run(as_of=at("06:30"), assets=["ethereum", "aave"], cache="memory:")
    assert warm.exit is Exit.PUBLISHED
    assert warm.rows is not None
    assert fresh.rows is not None
    assert warm.rows.equals(fresh.rows)


@pytest.mark.parametrize(
    "as_of", ["2026-01-01T06:30", "2026-03-01T06:30", "2024-03-01T06:30", "2025-12-31T23:59"]
)
def test_month_and_year_ends_are_days_like_others(sandbox_run: Run, as_of: str) -> None:
    """The last closed day is the day before, and no day is missing or twice."""
    now = datetime.fromisoformat(as_of).replace(tzinfo=timezone.utc)
    since = date.fromordinal(now.date().toordinal() - 40)
    result = sandbox_run(as_of=now, assets=["bitcoin"], providers=["coingecko"], since=since)
    assert result.rows is not None
    days = result.rows["date"].to_list()
    assert days == [date.fromordinal(since.toordinal() + n) for n in range(40)]


def test_since_and_until_bound_what_is_written(sandbox_run: Run) -> None:
    """Both are included."""
    result = sandbox_run(since=date(2026, 2, 1), until=date(2026, 2, 10), assets=["bitcoin"])
    assert result.rows is not None
    assert result.rows["date"].min() == date(2026, 2, 1)
    assert result.rows["date"].max() == date(2026, 2, 10)


def test_a_value_does_not_depend_on_where_the_window_begins(sandbox_run: Run) -> None:
    """Not even through the guard, which looks at days in a row."""
    assets = {"assets": ["ethereum"], "datasets": ["coingecko.market"], "cache": "memory:"}
    long = sandbox_run(since=date(2026, 1, 15), **assets)
    short = sandbox_run(since=date(2026, 2, 20), **assets, force_publish="a shorter window")
    assert long.rows is not None
    assert short.rows is not None
    assert long.rows.filter(pl.col("date") >= date(2026, 2, 20)).equals(short.rows)


def test_a_clock_that_is_ahead_is_found_by_the_vendors_answers(tmp_path: Path) -> None:
    """It is a sentence before anything is cached or published; one that is behind is no matter."""
    here = datetime.now(timezone.utc)
    options = Options(
        cache=str(tmp_path / "lake"),
        output=tmp_path / "data.parquet",
        sandbox=True,
        assets=("bitcoin",),
        providers=("coingecko",),
    )
    for off in (timedelta(days=365), timedelta(hours=1)):
        with pytest.raises(ConfigError, match=r"clock is ahead.*answered at") as told:
            run(options, load(), {}, clock=lambda off=off: here + off)
        assert f"{here + off:%Y-%m-%d %H:%M}Z" in str(told.value)
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert not [name for name in left if name.endswith((".parquet", "current.json"))]
    assert run(options, load(), {}, clock=lambda: here - timedelta(days=2)).exit is Exit.PUBLISHED


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Date": "Sun, 15 Mar 2026 10:30:00 GMT"}, 0),
        ({"Date": "Sun, 15 Mar 2026 10:30:00 GMT", "Age": "60"}, 60),
        ({"Date": "Sun, 15 Mar 2026 10:30:00 GMT", "Age": "a minute"}, None),
        ({"Date": "yesterday"}, None),
        ({}, None),
    ],
)
def test_an_answer_tells_the_time(headers: dict[str, str], seconds: int | None) -> None:
    """What was kept on its way for a while is that much older; nonsense tells nothing."""
    expected = None if seconds is None else AS_OF + timedelta(seconds=seconds)
    assert told_time(headers) == expected


def test_the_names_of_runs_sort_by_time_within_one_second():
    """The last of several quick runs is the last one of the listing, too."""
    begun = [at("10:30") + timedelta(microseconds=16 * step) for step in (*range(500), 62_499)]
    names = [new_run_id(moment) for moment in begun]
    assert names == sorted(names)
    assert len({len(name) for name in names}) == 1
