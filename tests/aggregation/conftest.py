"""The fold once more: naive, row by row, written from the words of the rules. It is the oracle."""

from __future__ import annotations

import math
from datetime import timedelta

import narwhals.stable.v2 as nw
import polars as pl
import pytest
import yaml

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


#: Every rule that there is, and rules for one asset: with both bounds, with one, and with none.
RICH = """
version: 1
guard: {tolerance: {bridged: 0.1}}
columns:
  close: {source: p.d.close, from: native, else: largest-volume}
  volume: {source: p.d.volume, sum: members}
  market_cap: {source: p.d.cap, from: native, plus: migrated}
  chain_tvl: {source: p.d.tvl, max: members}
  supply: {source: p.d.supply, mean: members, weight: volume}
  score: {source: p.d.score, reduce: spread, of: members}
overrides:
  sun:
    market_cap: {from: native, plus: [wrapped, bridged], since: 2024-02-28, until: 2024-03-01}
    supply:
      - {from: native, else: largest-volume, since: 2024-03-03}
      - {sum: members, until: 2024-02-27}
    chain_tvl: {mean: members, weight: market_cap, until: 2024-02-29}
    score: {max: members, since: 2024-02-29, until: 2024-02-29}
  moon:
    market_cap: {from: native}
    supply: {reduce: spread, of: members, until: 2024-03-02}
assets:
  sun: {wrapped: [wsun, xsun], bridged: [sun-b], staked: [staked-sun]}
  moon: {migrated: [luna], wrapped: [wmoon]}
"""


def spread(rows, column):
    """A reducer such as a plugin may bring: the highest value less the lowest one."""
    found = rows.group_by("date", "canonical_id").agg(
        nw.col(column).max().alias("high"), nw.col(column).min().alias("low")
    )
    return found.select("date", "canonical_id", (nw.col("high") - nw.col("low")).alias(column))


def known(value):
    return value is not None and not math.isnan(value)


def naive_ratios(rows, mapping):
    """Return {(asset, day): ratio} of variants, and of those the ones beyond their tolerance."""
    price = {(r["asset"], r["date"]): r["close"] for r in rows if known(r.get("close"))}
    ratios, far = {}, set()
    for (asset, day), value in price.items():
        canonical_id = mapping.canonical_of(asset)
        native = price.get((canonical_id, day))
        if canonical_id != asset and native is not None and native > 0:
            ratios[asset, day] = value / native
            (kind,) = [m.kind for m in mapping.members(canonical_id) if m.asset == asset]
            if abs(ratios[asset, day] - 1) > mapping.guard.kinds.get(kind, mapping.guard.tolerance):
                far.add((asset, day))
    return ratios, far


def naive_exclusions(rows, mapping):
    """Return {(asset, day): (ratio, excluded)} for the days beyond tolerance or left out."""
    ratios, far = naive_ratios(rows, mapping)
    out, found = set(), {}
    for asset, day in sorted((r["asset"], r["date"]) for r in rows):
        if mapping.canonical_of(asset) == asset:
            continue
        first, last = day, day
        while (asset, first - timedelta(1)) in far:
            first -= timedelta(1)
        while (asset, last + timedelta(1)) in far:
            last += timedelta(1)
        if (asset, day) in far and (last - first).days + 1 >= mapping.guard.days:
            out.add(asset)  # three days running: out from the first of them …
        elif (asset, day) in ratios and (asset, day) not in far:
            out.discard(asset)  # … until its price is seen within the tolerance again
        if asset in out or (asset, day) in far:
            found[asset, day] = (ratios.get((asset, day)), asset in out)
    return found


def naive_rule(mapping, column, canonical_id, day):
    """Return the words of the rule of a cell: one for this asset and day, or the usual one."""
    for rule in mapping.overrides.get(canonical_id, {}).get(column, ()):
        if (rule.since is None or rule.since <= day) and (rule.until is None or day <= rule.until):
            words = yaml.safe_load(rule.text)
            return {word: words[word] for word in words if word not in ("since", "until")}
    return yaml.safe_load(mapping.columns[column].text)


def naive_cell(words, column, here, kinds, excluded):
    """Apply one rule, as its words read, to the rows of one canonical asset and day."""
    native = [r[column] for r in here if kinds[r["asset"]] == "native" and known(r[column])]
    others = [r for r in here if kinds[r["asset"]] != "native" and known(r[column])]
    sound = [r for r in others if r["asset"] not in excluded]
    members = native + [r[column] for r in sound]
    if words == {"from": "native"}:
        return native[0] if native else None
    if words == {"from": "native", "else": "largest-volume"}:
        return native[0] if native else naive_stand_in(column, sound)
    if words == {"sum": "members"}:
        return math.fsum(members) if members else None
    if words == {"max": "members"}:
        return max(members, default=None)
    if words == {"reduce": "spread", "of": "members"}:
        return max(members) - min(members) if members else None
    if "mean" in words:
        rows = [r for r in here if known(r[column]) and r["asset"] not in excluded]
        return naive_mean(column, words["weight"], rows, native)
    kinds_added = words["plus"] if isinstance(words["plus"], list) else [words["plus"]]
    assert words == {"from": "native", "plus": words["plus"]}
    values = native + [r[column] for r in others if kinds[r["asset"]] in kinds_added]
    return math.fsum(values) if values else None


def naive_stand_in(column, sound):
    """Return the value of the variant with the largest volume, the mapping's first among equals."""
    best = None
    for row in sound:  # in the mapping's order: only a larger volume displaces an earlier one
        volume = row["volume"] if known(row.get("volume")) else -1
        if best is None or volume > best[0]:
            best = (volume, row[column])
    return best and best[1]


def naive_mean(column, weight, rows, native):
    """Return the mean of those that have a weight; native's value where none has."""
    pairs = [(r[column], r[weight]) for r in rows if known(r[weight]) and r[weight] > 0]
    if not pairs:
        return native[0] if native else None
    return math.fsum(v * w for v, w in pairs) / math.fsum(w for _, w in pairs)


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
            column: naive_cell(
                naive_rule(mapping, column, canonical_id, day), column, here, kinds, excluded
            )
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
                assert math.isclose(value, other, rel_tol=1e-12, abs_tol=1e-300), (
                    key,
                    column,
                    value,
                    other,
                )


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
def rich():
    """A mapping with every rule that there is, a plugin's reducer and rules for single assets."""
    return parse_mapping(RICH, "rich.yaml", reducers={"spread": spread})


@pytest.fixture(scope="session")
def shipped():
    """The mapping that is shipped."""
    return load_mapping()
