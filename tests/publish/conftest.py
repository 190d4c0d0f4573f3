"""A small made-up market, as a run would hand it over."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import polars as pl
import pytest

from datalake.publish import STANDARD, AssetNote, Candidate, ColumnNote

LAST_DAY = date(2026, 3, 1)


def frame(ids=("aave", "bitcoin"), days=10, extended=()):
    """Rows of plausible values for the last days before LAST_DAY, sorted."""
    dates = [LAST_DAY - timedelta(days=days - 1 - day) for day in range(days)]
    place = pl.int_range(pl.len(), dtype=pl.Int64).cast(pl.Float64)
    values = [
        (50 + place % 50).alias(name)
        if name.startswith("lc_")
        else (100 + place / 8 + at).alias(name)
        for at, name in enumerate(STANDARD[2:])
    ]
    candle = {"open": 0.0, "high": 2.0, "low": -2.0}
    more = [
        (pl.col("close") + candle[name]).alias(name) if name in candle else place.alias(name)
        for name in extended
    ]
    keys = pl.DataFrame(
        {
            "date": dates * len(ids),
            "canonical_id": [name for name in ids for _ in dates],
        },
        schema={"date": pl.Date, "canonical_id": pl.String},
    )
    return keys.with_columns(values).with_columns(more)


def note(name):
    return ColumnNote(
        name=name,
        unit="USD",
        meaning=f"What {name} means",
        source=f"coingecko.market.{name}",
        time="the end of the day",
        rule="from the native asset",
        last_closed=LAST_DAY,
    )


def made(rows=None, **changes):
    """A candidate that keeps the contract unless the changes break it."""
    rows = frame() if rows is None else rows
    keys = [name for name in ("canonical_id", "date") if name in rows.columns]
    rows = rows.sort(keys) if keys else rows
    ids = rows["canonical_id"].drop_nulls().unique().sort() if "canonical_id" in rows else []
    facts = {
        "rows": rows,
        "assets": [
            AssetNote(
                canonical_id=name,
                symbol=name[:3],
                name=name.title(),
                rank=place,
                image=f"https://images.example/{name}.png",
                members=[name, f"wrapped-{name}"],
                freshness={"close": LAST_DAY, "chain_tvl": None},
            )
            for place, name in enumerate(ids, 1)
        ],
        "columns": [note(name) for name in rows.columns if name not in STANDARD[:2]],
        "as_of": datetime(2026, 3, 2, 6, tzinfo=timezone.utc),
        "last_day": LAST_DAY,
        "synthetic": False,
        "mapping_sha256": "ab" * 32,
    }
    return Candidate(**(facts | changes))


@pytest.fixture(name="frame")
def _frame():
    return frame


@pytest.fixture(name="made")
def _made():
    return made


@pytest.fixture
def output(tmp_path):
    return tmp_path / "user_facing_data.parquet"
