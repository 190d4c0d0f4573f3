"""Rules for single assets on recorded data: split supplies add up, doubled ones do not."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime, timedelta, timezone

import polars as pl
import pytest

from datalake_aggregation import aggregate, parse_mapping

METRICS = ("close", "volume", "market_cap")
DATED = """\
version: 1
columns:
  market_cap: {source: p.d.market_cap, from: native}
overrides:
  polygon-ecosystem-token:
    market_cap:
      - {from: native, else: largest-volume, until: 2023-10-24}
      - {from: native, plus: migrated, since: 2024-09-04, until: 2025-06-30}
    volume: {max: members, since: 2025-01-01}
    close: {mean: members, weight: volume, since: 2024-01-01, until: 2024-12-31}
"""


def lists(recordings):
    """Every recorded list of the largest coins, by the day in its name."""
    for path in sorted((recordings / "coingecko").glob("coins_markets__usd_p1_*.json")):
        content = json.loads(path.read_text())
        if isinstance(content, dict):
            content = next(value for value in content.values() if isinstance(value, list))
        yield date.fromisoformat(path.stem.split("__")[2]), content


def test_no_recorded_supply_is_counted_twice(recordings, shipped):
    """Where a coin and its former id are both listed, their cap is that of the whole supply."""
    found = {}
    for day, rows in lists(recordings):
        listed = {row["id"]: row for row in rows}
        for asset, variants in shipped.variants.items():
            both = [asset, *(m.asset for m in variants if m.kind == "migrated")]
            if len(both) > 1 and set(both) <= listed.keys():
                frame = pl.DataFrame(
                    {
                        "date": [day] * len(both),
                        "asset": both,
                        "market_cap": [float(listed[one]["market_cap"]) for one in both],
                    }
                )
                (cap,) = aggregate(frame, shipped)["market_cap"]
                supply = cap / listed[asset]["current_price"]
                found[asset, day.isoformat()] = supply / listed[asset]["total_supply"]
    assert {asset for asset, _ in found} == {"polygon-ecosystem-token", "kaia"}
    assert len(found) >= 6
    for key, part in found.items():
        assert 0.98 < part < 1.02, (key, part)


@pytest.fixture(scope="module")
def rows(recordings):
    """The recorded histories of MATIC and POL, and of bitcoin with a variant."""
    found = []
    for asset in ("matic-network", "polygon-ecosystem-token", "bitcoin", "wrapped-bitcoin"):
        name = f"market_chart_csv__{asset}__max__2025-07-14.csv"
        with (recordings / "coingecko" / name).open() as stream:
            for row in csv.DictReader(stream):
                at = datetime.fromtimestamp(int(row["timestamp"]) / 1000, timezone.utc)
                if (at.hour, at.minute) == (0, 0):
                    cap = float(row["market_cap"]) or None
                    price, volume = float(row["price"]), float(row["volume"])
                    found.append(
                        {"date": at.date(), "asset": asset, "close": price, "volume": volume}
                        | {"market_cap": cap}
                    )
    return found


@pytest.fixture(scope="module")
def dated(shipped):
    """The shipped mapping with rules for POL that change from day to day."""
    return parse_mapping(DATED, "dated.yaml", shipped)


def test_days_worked_out_by_hand(rows, dated, naive):
    """Each change of the rule, on the day before and on the day itself."""
    cells = naive.cells(aggregate(naive.frame(rows, METRICS), dated))
    caps = {(r["asset"], r["date"]): r["market_cap"] for r in rows}

    def cap(day):
        return cells["polygon-ecosystem-token", day]["market_cap"]

    def of(asset, day):
        return caps[asset, day]

    first, split, last = date(2023, 10, 24), date(2024, 9, 4), date(2025, 6, 30)
    assert cap(first) == of("matic-network", first)
    assert cap(first + timedelta(1)) is None  # POL was listed, its cap was not known
    assert cap(split - timedelta(1)) == of("polygon-ecosystem-token", split - timedelta(1))
    for day in (split, last):
        assert cap(day) == of("polygon-ecosystem-token", day) + of("matic-network", day)
    assert cap(last + timedelta(1)) == of("polygon-ecosystem-token", last + timedelta(1))
    assert cells["bitcoin", split]["market_cap"] == of("bitcoin", split)


def test_whole_histories_equal_the_naive_fold(rows, dated, naive):
    """Every recorded day by the rule that holds on it."""
    naive.same(
        naive.cells(aggregate(naive.frame(rows, METRICS), dated)),
        naive.fold(rows, dated, METRICS),
    )


@pytest.mark.parametrize(
    "rule",
    [
        "max: members",
        "mean: members, weight: volume",
        "mean: members, weight: market_cap",
        "from: native, plus: [wrapped, migrated]",
    ],
)
def test_every_rule_on_whole_histories(rule, rows, shipped, naive):
    """The other rules on recorded prices, cell for cell."""
    mapping = parse_mapping(
        f"version: 1\ncolumns: {{close: {{source: p.d.x, {rule}}}}}", over=shipped
    )
    naive.same(
        naive.cells(aggregate(naive.frame(rows, METRICS), mapping)),
        naive.fold(rows, mapping, METRICS),
    )
