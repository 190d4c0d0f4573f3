"""What changed from one version to another, by asset and column, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from ..errors import ConfigError
from ..names import KEYS
from . import versions
from .layout import ASSETS, DATA, read_metadata
from .place import Place
from .pointer import Entry

#: Each cause, and how it is told.
CAUSES: Mapping[str, str] = {
    "asset_came": "the asset had no rows before",
    "asset_left": "the asset has no rows any more",
    "column_came": "the column is new",
    "column_left": "the column is no more",
    "open_day": "the day was still open in one of the two",
    "new_day": "a day that was not over yet",
    "window": "a day before the first one now",
    "mapping": "the mapping treats the asset or the column otherwise",
    "filled": "unknown before, known now",
    "withdrawn": "known before, unknown now",
    "revision": "another value for a day that was published",
}
#: Causes whose changes are told one by one: what had been published is another now.
TOLD = ("mapping", "filled", "withdrawn", "revision")


@frozen
class Change:
    """Cells of one asset and column that changed for one cause.

    `first` and `last` are the days of the first and the last of them; `day`, `before` and `after`
    are those of the one that changed most (the last one, where there is nothing to compare).
    """

    canonical_id: str
    column: str
    why: str
    cells: int
    first: date
    last: date
    day: date
    before: float | None
    after: float | None

    @property
    def share(self) -> float:
        """By how much the value changed, as a share of what it was; 0 where that means nothing."""
        if not self.before or self.after is None:
            return 0.0
        return self.after / self.before - 1


@frozen
class Difference:
    """All that differs between two versions; `mapping_changed` if they were folded by two."""

    mapping_changed: bool
    came: Sequence[str]
    left: Sequence[str]
    columns_came: Sequence[str]
    columns_left: Sequence[str]
    changes: Sequence[Change]


@frozen
class _Side:
    """One version: its rows, the members of each asset, and what it says of each column."""

    rows: pl.DataFrame
    members: Mapping[str, Sequence[str]]
    facts: Mapping[str, Any]

    @property
    def ids(self) -> set[str]:
        return set(self.rows["canonical_id"].unique())

    @property
    def columns(self) -> list[str]:
        return [name for name in self.rows.columns if name not in KEYS]

    def rule(self, column: str) -> tuple[str, str]:
        note = self.facts["columns"][column]
        return note["source"], note["rule"]


def totals(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """For each cause, in the order of CAUSES, how many `cells` of how many `assets`, and in which
    `columns`."""
    by_cause: dict[str, list[Change]] = defaultdict(list)
    for one in changes:
        by_cause[one.why].append(one)
    return [
        {
            "why": why,
            "cells": sum(one.cells for one in by_cause[why]),
            "assets": len({one.canonical_id for one in by_cause[why]}),
            "columns": sorted({one.column for one in by_cause[why]}),
        }
        for why in CAUSES
        if why in by_cause
    ]


def largest(changes: Sequence[Change]) -> list[Change]:
    """The changes of what had been published, the revisions first, then the largest."""
    told = [one for one in changes if one.why in TOLD]
    return sorted(told, key=lambda one: (one.why != "revision", -abs(one.share), -one.cells))


def compare(place: Place, before: Entry, after: Entry) -> Difference:
    """The differences between two versions. Raises ConfigError where one is damaged."""
    return differences(_side(place, before), _side(place, after))


def _side(place: Place, entry: Entry) -> _Side:
    data, assets = (versions.read(place.store, entry, kind) for kind in (DATA, ASSETS))
    if data is None or assets is None:
        raise ConfigError(f"version {entry.version} is damaged: its files are not what they were")
    members = pl.read_parquet(assets).select("canonical_id", "members")
    return _Side(
        pl.read_parquet(data).with_columns(pl.col("date").dt.date()),
        dict(members.iter_rows()),
        read_metadata(pq.read_metadata(pa.BufferReader(data)).metadata),
    )


def differences(then: _Side, now: _Side) -> Difference:
    """Compare two sides cell by cell: a cell is a value of one asset, column and day."""
    both = then.rows.join(now.rows, on=list(KEYS), how="full", coalesce=True, suffix="/after")
    columns = list(dict.fromkeys([*now.columns, *then.columns]))
    changed = [_changed(both, column, then, now) for column in columns]
    changes = pl.concat(changed).sort("canonical_id", "column", "why")
    return Difference(
        mapping_changed=_mapping(then) != _mapping(now),
        came=sorted(now.ids - then.ids),
        left=sorted(then.ids - now.ids),
        columns_came=[name for name in now.columns if name not in then.columns],
        columns_left=[name for name in then.columns if name not in now.columns],
        changes=[Change(**row) for row in changes.iter_rows(named=True)],
    )


def _changed(both: pl.DataFrame, column: str, then: _Side, now: _Side) -> pl.DataFrame:
    """The changes of one column, one row for each asset and cause."""
    unknown = pl.lit(None, pl.Float64)
    before = pl.col(column) if column in then.columns else unknown
    if column not in now.columns:
        after = unknown
    else:
        after = pl.col(f"{column}/after" if column in then.columns else column)
    cells = both.select(*KEYS, before=before, after=after)
    by_how_much = (pl.col("after") / pl.col("before") - 1).abs().fill_nan(None).fill_null(0.0)
    return (
        cells.filter(pl.col("before").ne_missing(pl.col("after")))
        .with_columns(column=pl.lit(column), why=_why(column, then, now), size=by_how_much)
        .sort("size", "date")
        .group_by("canonical_id", "column", "why", maintain_order=True)
        .agg(
            cells=pl.len(),
            first=pl.col("date").min(),
            last=pl.col("date").max(),
            day=pl.col("date").last(),
            before=pl.col("before").last(),
            after=pl.col("after").last(),
        )
    )


def _why(column: str, then: _Side, now: _Side) -> pl.Expr:
    """The cause of a cell's change: the first that applies, from the broadest to the narrowest."""
    asset, day = pl.col("canonical_id"), pl.col("date")
    told = (side.facts.get("open_day") for side in (then, now))
    opened = [date.fromisoformat(one) for one in told if one]
    cases = [
        ("asset_came", ~asset.is_in(sorted(then.ids))),
        ("asset_left", ~asset.is_in(sorted(now.ids))),
        ("column_came", pl.lit(column not in then.columns)),
        ("column_left", pl.lit(column not in now.columns)),
        ("open_day", day.is_in(opened)),
        ("new_day", day > date.fromisoformat(then.facts["last_day"])),
        ("window", day < now.rows["date"].min()),
        ("mapping", _treated_otherwise(column, then, now)),
        ("filled", pl.col("before").is_null()),
        ("withdrawn", pl.col("after").is_null()),
    ]
    why = pl.lit("revision")
    for name, applies in reversed(cases):
        why = pl.when(applies).then(pl.lit(name)).otherwise(why)
    return why


def _treated_otherwise(column: str, then: _Side, now: _Side) -> pl.Expr:
    """Whether another mapping gave the asset other members, or the column another rule."""
    if _mapping(then) == _mapping(now) or column not in then.columns or column not in now.columns:
        return pl.lit(False)
    if then.rule(column) != now.rule(column):
        return pl.lit(True)
    edited = [
        asset
        for asset in then.members.keys() & now.members.keys()
        if set(then.members[asset]) != set(now.members[asset])
    ]
    return pl.col("canonical_id").is_in(sorted(edited))


def _mapping(side: _Side) -> str:
    return str(side.facts["mapping_sha256"])
