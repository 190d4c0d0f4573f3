"""The fold once more: naive, row by row, written from the words of the rules. It is the oracle."""

from __future__ import annotations

import math
from datetime import timedelta

import polars as pl
import pytest

from datalake_aggregation import load_mapping, parse_mapping

METRICS = ("close", "volume", "market_cap", "chain_tvl", "supply")

#: A small mapping with every rule, three kinds, and an asset that is listed but never folded.
SMALL = """
version: 1
columns:
  close: {source: p.d.close, from: native, else: largest-volume}
  volume: {source: p.d.volume, sum: members}
  market_cap: {source: p.d.cap, from: native, plus: [migrated]}
  chain_tvl: {source: p.d.tvl, from: native}
  supply: {source: p.d.supply, from: native, else: largest-volume}
assets:
  sun: {wrapped: [wsun, xsun], bridged: [sun-b], staked: [staked-sun]}
  moon: {migrated: [luna], wrapped: [wmoon]}
"""


def known(value):
    return value is not None and not math.isnan(value)


def naive_exclusions(rows, mapping):
    """Return {(asset, day): (ratio, excluded)} for the days beyond tolerance."""
    price = {(r["asset"], r["date"]): r["close"] for r in rows if known(r.get("close"))}
    far = {}
    for (asset, day), value in price.items():
        native = price.get((mapping.canonical_of(asset), day))
        if mapping.canonical_of(asset) != asset and native is not None and native > 0:
            ratio = value / native
            if abs(ratio - 1) > mapping.guard.tolerance:
                far[asset, day] = ratio
    found = {}
    for (asset, day), ratio in far.items():
        first, last = day, day
        while (asset, first - timedelta(1)) in far:
            first -= timedelta(1)
        while (asset, last + timedelta(1)) in far:
            last += timedelta(1)
        found[asset, day] = (ratio, (last - first).days + 1 >= mapping.guard.days)
    return found


def naive_cell(rule, column, here, kinds, excluded):
    """Apply one rule, as its text reads, to the rows of one canonical asset and day."""
    native = [r[column] for r in here if kinds[r["asset"]] == "native" and known(r[column])]
    others = [r for r in here if kinds[r["asset"]] != "native" and known(r[column])]
    sound = [r for r in others if r["asset"] not in excluded]
    if rule.text == "{from: native}":
        return native[0] if native else None
    if rule.text == "{from: native, else: largest-volume}":
        if native:
            return native[0]
        best = None
        for row in sound:  # in the mapping's order: only a larger volume displaces an earlier one
            volume = row["volume"] if known(row.get("volume")) else -1
            if best is None or volume > best[0]:
                best = (volume, row[column])
        return best and best[1]
    if rule.text == "{sum: members}":
        values = native + [r[column] for r in sound]
    else:
        assert rule.text == "{from: native, plus: migrated}"
        values = native + [r[column] for r in others if kinds[r["asset"]] == "migrated"]
    return math.fsum(values) if values else None


def naive_fold(rows, mapping, columns):
    """Return {(canonical_id, day): {column: value or None}}."""
    far = naive_exclusions(rows, mapping)
    groups = {}
    for row in rows:
        groups.setdefault((mapping.canonical_of(row["asset"]), row["date"]), []).append(row)
    folded = {}
    for (canonical_id, day), here in groups.items():
        kinds = {member.asset: member.kind for member in mapping.members(canonical_id)}
        here = sorted(here, key=lambda row: list(kinds).index(row["asset"]))
        excluded = {a for a, d in far if d == day and far[a, d][1]}
        folded[canonical_id, day] = {
            column: naive_cell(mapping.columns[column], column, here, kinds, excluded)
            for column in columns
        }
    return folded


def long_frame(rows, columns=METRICS):
    """Make a Polars frame of dicts with date, asset and metrics."""
    schema = {"date": pl.Date, "asset": pl.String, **dict.fromkeys(columns, pl.Float64)}
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def cells_of(frame):
    """Make {(canonical_id, day): {column: value or None}} of a folded Polars frame."""
    cells = {}
    for row in frame.to_dicts():
        cells[row.pop("canonical_id"), row.pop("date")] = row
    return cells


def same(left, right):
    """Compare two dicts of cells; floats to 1e-12, nulls only with nulls."""
    assert left.keys() == right.keys()
    for key, cells in left.items():
        assert cells.keys() == right[key].keys()
        for column, value in cells.items():
            other = right[key][column]
            if value is None or other is None:
                assert value is other, (key, column, value, other)
            else:
                assert math.isclose(value, other, rel_tol=1e-12), (key, column, value, other)


class Naive:
    """What the tests of a fold share."""

    metrics = METRICS
    fold = staticmethod(naive_fold)
    exclusions = staticmethod(naive_exclusions)
    frame = staticmethod(long_frame)
    cells = staticmethod(cells_of)
    same = staticmethod(same)


@pytest.fixture(scope="session")
def naive():
    """The naive fold and its tools."""
    return Naive


@pytest.fixture(scope="session")
def small():
    """A small mapping with every rule."""
    return parse_mapping(SMALL, "small.yaml")


@pytest.fixture(scope="session")
def shipped():
    """The mapping that is shipped."""
    return load_mapping()
