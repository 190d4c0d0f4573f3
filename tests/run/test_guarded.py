"""What the de-peg guard leaves out is in the report, and adds up with what is published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from datalake.running.folding import guarded
from datalake.running.result import Result
from datalake_aggregation import fold, parse_mapping

Run = Callable[..., Result]
START = date(2024, 1, 1)
TWO = """\
version: 1
columns:
  close: {source: p.d.close, from: native}
  volume: {source: p.d.volume, sum: members}
assets:
"""


def test_what_is_left_out_is_what_is_missing(sandbox_run: Run, tmp_path: Path) -> None:
    """A run with a tight guard and one with a loose one differ by just the report's volumes."""
    volumes, sections = [], []
    for name, tolerance in (("tight", "{wrapped: 0.001, bridged: 0.001}"), ("loose", "0.5")):
        mapping = tmp_path / f"{name}.yaml"
        mapping.write_text(f"version: 1\nguard: {{tolerance: {tolerance}, days: 1}}\n")
        result = sandbox_run(
            assets=("tron",), mapping=mapping, output=tmp_path / name / "data.parquet"
        )
        volumes.append(pl.read_parquet(tmp_path / name / "data.parquet")["volume"].sum())
        sections.append(result.report.mapping)
    tight, loose = sections
    assert loose["depegged"] == []
    assert tight["depegged"]
    for one in tight["depegged"]:
        assert one["canonical_id"] == "tron"
        assert sum(day["volume"] for day in one["by_day"]) == pytest.approx(one["volume"])
        assert one["days"] == len(one["by_day"])
        assert all(abs(day["ratio"] - 1) > 0.001 for day in one["by_day"])
    left_out = sum(one["volume"] for one in tight["depegged"])
    assert volumes[1] - volumes[0] == pytest.approx(left_out)


def collapsed(days: int, variants: int = 1) -> pl.DataFrame:
    """The exclusions of variants that are at half the native's price for so many days."""
    names = [f"w{n}" for n in range(variants)]
    mapping = parse_mapping(f"{TWO}  sun: {{wrapped: [{', '.join(names)}]}}")
    return fold(
        pl.DataFrame(
            [
                (START + timedelta(days=n), asset, price, volume)
                for n in range(days)
                for asset, price, volume in (
                    ("sun", 100.0, 1.0),
                    *((name, 50.0, float(place)) for place, name in enumerate(names)),
                )
            ],
            schema=["date", "asset", "close", "volume"],
            orient="row",
        ),
        mapping,
    ).exclusions


def test_the_report_stays_small() -> None:
    """Years of a long-lost peg: all days are counted, the newest are shown."""
    (one,) = guarded.depegged(collapsed(1500))
    assert (one["days"], one["first"]) == (1500, START)
    assert [day["date"] for day in one["by_day"]] == [
        one["last"] - timedelta(days=n) for n in range(guarded.DAYS)
    ]
    many = guarded.depegged(collapsed(40, variants=60))
    assert [one["asset"] for one in many] == [f"w{n}" for n in reversed(range(60))]
    assert sum(len(one["by_day"]) for one in many) == guarded.DAYS * guarded.VARIANTS


def test_a_variant_that_strays_since_yesterday_is_announced() -> None:
    """Two days are not enough to be left out, but tomorrow they may be."""
    found = collapsed(2)
    (one,) = guarded.straying(found, START + timedelta(days=1))
    assert (one["asset"], one["days"], [day["ratio"] for day in one["by_day"]]) == (
        *("w0", 2),
        [0.5, 0.5],
    )
    assert guarded.depegged(found) == []
    assert guarded.straying(found, START + timedelta(days=2)) == []
    assert guarded.straying(collapsed(3), START + timedelta(days=2)) == []
