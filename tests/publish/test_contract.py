"""Every rule of the contract, broken once."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from attrs import evolve

from datalake.publish import AssetNote
from datalake.publish.contract import check_contract

ROW = (pl.col("canonical_id") == "bitcoin") & (pl.col("date") == date(2026, 2, 25))
CANDLE = ("open", "high", "low")


def put(rows, **values):
    """The rows with other values in bitcoin's row of 2026-02-25."""
    return rows.with_columns(
        pl.when(ROW).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


def failed(candidate):
    return {check.name: check for check in check_contract(candidate) if not check.passed}


def test_good_rows_pass_every_rule(made, frame):
    """A plausible frame passes, and each check says in words what holds."""
    checks = check_contract(made(frame(extended=CANDLE)))
    assert {check.level for check in checks} == {"ok"}
    assert "unique: every asset has one row for a day" in [str(check) for check in checks]
    assert len({check.name for check in checks}) == len(checks) == 15


def test_unknown_values_pass(made, frame):
    """Null means unknown, and no rule but the keys' minds it."""
    names = frame(extended=CANDLE).columns[2:]
    rows = frame(extended=CANDLE).with_columns(pl.lit(None, pl.Float64).alias(n) for n in names)
    assert not failed(made(rows))


@pytest.mark.parametrize(
    ("values", "rule", "example"),
    [
        ({"volume": -5.0}, "amounts", "bitcoin on 2026-02-25 has volume -5.0"),
        ({"chain_tvl": -1e-9}, "amounts", "bitcoin on 2026-02-25 has chain_tvl -1e-09"),
        ({"close": 0.0}, "prices", "bitcoin on 2026-02-25 has close 0.0"),
        ({"high": -3.0, "low": -4.0}, "prices", "has high -3.0"),
        ({"lc_galaxy_score": 100.5}, "scores", "has lc_galaxy_score 100.5"),
        ({"lc_sentiment": -1.0}, "scores", "has lc_sentiment -1.0"),
        ({"market_cap": float("nan")}, "numbers", "has market_cap nan"),
        ({"dex_volume": float("inf")}, "numbers", "has dex_volume inf"),
        ({"low": 1e6, "open": None, "close": None}, "candles", "has low 1000000.0"),
        ({"open": 1e6}, "candles", "has open 1000000.0"),
        ({"canonical_id": "dogecoin"}, "universe", "dogecoin on 2026-02-25"),
        ({"canonical_id": None}, "keys", "no asset on 2026-02-25"),
        ({"canonical_id": ""}, "keys", "no asset on 2026-02-25"),
        ({"date": None}, "keys", "bitcoin on no day"),
        ({"date": date(2026, 3, 2)}, "days", "bitcoin on 2026-03-02"),
        ({"date": date(2026, 2, 26)}, "unique", "bitcoin on 2026-02-26"),
    ],
)
def test_a_broken_rule_names_asset_day_and_value(made, frame, values, rule, example):
    """One bad value is a refusal by its rule, with the place where it stands."""
    rows = frame(extended=CANDLE)
    good = made(rows)
    bad = failed(made(put(rows, **values), assets=good.assets, columns=good.columns))
    assert bad[rule].level == "refused"
    assert example in bad[rule].detail


def test_rows_out_of_order_are_refused(made, frame):
    """Whoever reads one asset's rows counts on it."""
    good = made(frame())
    for key in ("canonical_id", "date"):
        check = failed(evolve(good, rows=good.rows.sort(key, descending=True)))["order"]
        assert check.level == "refused"
        assert "not true that rows are sorted by asset and day" in check.detail


def test_close_outside_its_candle_is_a_warning(made, frame):
    """Close and candle come from different sources: a disagreement is told, not refused."""
    rows = put(frame(extended=CANDLE), close=200.0)
    (check,) = failed(made(rows)).values()
    assert (check.name, check.level) == ("close in its candle", "warning")


def test_float_noise_in_a_candle_passes(made, frame):
    """An open that misses the high by a rounding error is no violation."""
    rows = frame(extended=CANDLE).with_columns(open=pl.col("high") * (1 + 1e-12))
    assert "candles" not in failed(made(rows))


def test_five_examples_and_a_count_are_enough(made, frame):
    """A rule broken everywhere still fits on a line."""
    check = failed(made(frame().with_columns(volume=-1.0, market_cap=-2.0)))["amounts"]
    assert check.detail.count("has volume") == 5
    assert check.detail.endswith(" and 35 more")


def test_no_rows_is_a_refusal(made, frame):
    """An empty candidate never passes."""
    assert list(failed(made(frame().clear()))) == ["content"]


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda rows: rows.drop("volume"), "volume is missing"),
        (lambda rows: rows.with_columns(close=pl.lit(1)), "close is Int32 and must be Float64"),
        (lambda rows: rows.cast({"date": pl.Datetime}), "date is Datetime"),
        (lambda rows: rows.cast({"canonical_id": pl.Categorical}), "must be String"),
    ],
)
def test_columns_and_types_are_exact(made, frame, change, detail):
    """A missing or mistyped column is one clear refusal, without consequential ones."""
    (check,) = failed(made(change(frame()))).values()
    assert check.name == "columns"
    assert detail in check.detail


def test_every_column_has_one_note(made, frame):
    """A column without a note, a note without a column and a double note are refused."""
    notes = made(frame(extended=("open",))).columns
    assert (
        "open has no note"
        in failed(made(frame(extended=("open",)), columns=notes[:-1]))["columns"].detail
    )
    assert "open is missing" in failed(made(frame(), columns=notes))["columns"].detail
    assert (
        "close has 2 notes"
        in failed(made(frame(), columns=[notes[0], *notes[:-1]]))["columns"].detail
    )


def test_an_asset_is_never_counted_twice(made):
    """A member under two canonical ids, or a canonical asset inside another one, is refused."""
    assets = [
        AssetNote("aave", members=["aave", "shared"]),
        AssetNote("bitcoin", members=["bitcoin", "shared", "aave"]),
    ]
    detail = failed(made(assets=assets))["members"].detail
    assert "shared belongs to aave and bitcoin" in detail
    assert "aave belongs to aave and bitcoin" in detail
    twice = [AssetNote("aave"), AssetNote("bitcoin"), AssetNote("aave")]
    assert "aave is listed 2 times" in failed(made(assets=twice))["members"].detail


def test_a_missing_day_is_reported_with_asset_and_day(made, frame):
    """A young gap is a warning, an old one is only told, and neither stops anything."""
    rows = frame(days=60)
    recent = date(2026, 2, 20)
    gap = (pl.col("canonical_id") == "bitcoin") & pl.col("date").is_between(
        recent, date(2026, 2, 22)
    )
    check = failed(made(rows.filter(~gap)))["gaps"]
    assert check.level == "warning"
    assert "3 days are missing" in check.detail
    assert "bitcoin from 2026-02-20 to 2026-02-22" in check.detail
    old = (pl.col("canonical_id") == "aave") & (pl.col("date") == date(2026, 1, 10))
    (check,) = [one for one in check_contract(made(rows.filter(~old))) if one.name == "gaps"]
    assert (check.passed, check.level) == (True, "ok")
    assert "aave from 2026-01-10 to 2026-01-10" in check.detail


def test_rows_without_a_value_fill_no_gap(made, frame):
    """A day of which nothing is known is missing, whether it has a row or not."""
    unknown = dict.fromkeys(frame().columns[2:])
    assert "gaps" in failed(made(put(frame(), **unknown)))
