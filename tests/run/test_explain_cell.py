"""What becomes of each member of a cell: counted, left out by the guard, or not taken at all."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import polars as pl

from datalake import Asset
from datalake.explaining.cell import Making, refold
from datalake.models import Window
from datalake.plugins import load
from datalake.running.fetching.series import Series
from datalake.running.planning.plan import Want
from datalake_aggregation import parse_mapping

START = date(2026, 1, 1)
DAYS = [START + timedelta(days=n) for n in range(10)]
MAPPING = parse_mapping(
    """
version: 1
merge: [wrapped, bridged]
guard: {tolerance: 0.05, days: 3}
columns:
  close: {source: coingecko.market.price, from: native, else: largest-volume}
  volume: {source: coingecko.market.volume, sum: members}
assets:
  bitcoin:
    wrapped: [wrapped-bitcoin]
    bridged: [tbtc, silent-btc]
""",
    "mine.yaml",
)
MARKET = load(["coingecko"]).provider("coingecko").dataset("market")


def series(asset, prices, volume, known_through=None):
    """One asset's prices from the first day on, None where it has none, at a steady volume."""
    days = [day for day, price in zip(DAYS, prices, strict=False) if price is not None]
    known = [price for price in prices if price is not None]
    frame = pl.DataFrame(
        {"date": days, "price": known, "volume": [volume] * len(days)},
        schema={"date": pl.Date, "price": pl.Float64, "volume": pl.Float64},
    )
    source = SimpleNamespace(provider=SimpleNamespace(name="coingecko"))
    window = Window(START, START + timedelta(days=10))
    want = Want(source, MARKET, Asset(asset), asset == "bitcoin", window, window, True)
    return Series(want, frame.to_arrow(), known_through)


def cell(column, day, *some, since=START):
    """The cell of that day (counted from 0), and its members by asset."""
    making = Making(["close", "volume"], since, True)
    found = refold(some, MAPPING, making).on(DAYS[day]).cell("bitcoin", column)
    return found, {part.asset: part for part in found.members}


def test_the_guards_decision():
    """Left out for days on end, kept for one; each said with the ratio."""
    lost = series("wrapped-bitcoin", [100, 80, 80, 80, 100, 100, 80, 100, 100, 100], 5.0)
    native, other = series("bitcoin", [100.0] * 10, 50.0), series("tbtc", [100.0] * 10, 1.0)
    found, parts = cell("volume", 2, native, lost, other)
    assert found.value == 51.0
    out = parts["wrapped-bitcoin"]
    assert (out.value, out.entered, out.why) == (5.0, False, "left out by the guard")
    assert out.guard == "left out: at 0.800 of native's price, beyond 5.0% for 3 days or more"
    found, parts = cell("volume", 6, native, lost, other)
    assert found.value == 56.0
    kept = parts["wrapped-bitcoin"]
    assert (kept.entered, kept.why) == (True, "counts")
    assert kept.guard == "kept: at 0.800 of native's price, beyond 5.0%, but not for 3 days"


def test_the_other_parts():
    """A member without a value, one that the rule does not take, and where each is listed."""
    native, other = series("bitcoin", [100.0] * 10, 50.0), series("tbtc", [101.0] * 10, 1.0)
    found, parts = cell("close", 3, native, other)
    assert (found.value, found.note) == (100.0, None)
    assert parts["bitcoin"].why == "counts"
    assert parts["tbtc"].why == "not taken by the rule"
    assert parts["silent-btc"].why == "has no value on that day"
    assert parts["tbtc"].where == "mine.yaml:11"
    assert str(found.rule.where) == "mine.yaml:6"


def test_a_stand_in():
    """Where native has no price, the largest variant's counts."""
    native = series("bitcoin", [100.0, 100.0, None, 100.0], 50.0)
    small, large = series("tbtc", [101.0] * 4, 1.0), series("wrapped-bitcoin", [99.0] * 4, 2.0)
    found, parts = cell("close", 2, native, small, large)
    assert found.value == 99.0
    assert [asset for asset, part in parts.items() if part.entered] == ["wrapped-bitcoin"]


def test_why_there_is_no_value():
    """Withheld, before the run's first day, before the first market day, or nothing known."""
    native = series("bitcoin", [None, None, 100.0, 100.0], 50.0, known_through=DAYS[3])
    variant = series("tbtc", [None, 100.0, 100.0, 100.0, 100.0], 1.0)
    late, _ = cell("volume", 4, native, variant)
    assert late.note == "withheld: what it relies on could be had only through 2026-01-04 (bitcoin)"
    before, _ = cell("volume", 2, native, variant, since=DAYS[3])
    assert before.note == "the run put out days from 2026-01-04 on"
    nothing, _ = cell("volume", 0, native, variant)
    assert nothing.note == "no member whose value the rule takes has one on that day"
    assert [one.value for one in (late, before, nothing)] == [None, None, None]
