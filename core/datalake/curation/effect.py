"""What an edit of the mapping does to the numbers: the lake's series folded with both mappings."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl
from attrs import evolve, frozen

from datalake_aggregation import Mapping as CanonicalMapping

from ..cache import AssetCache
from ..clock import now
from ..errors import ConfigError
from ..plugins import Registry
from ..publish.rows import collected
from ..running.fetching.fetch import fetch_all
from ..running.fetching.lane import lanes
from ..running.fetching.series import Series
from ..running.fetching.shelf import Shelf, shelf
from ..running.folding.fold import fold_all
from ..running.options import Options
from ..running.planning.naming import series_key
from ..running.planning.plan import check_sources, feeds, folded_columns, output_columns, wants
from ..running.sources import sources
from ..running.universe.archive import ADVICE, newest
from ..running.universe.assets import Universe, choose
from ..running.vendors import vendors
from ..stores import Store

KEYS = ["canonical_id", "date"]


@frozen
class Change:
    """How one column of one canonical asset moves. `before` and `after` are the values of
    `last_day`, the newest day that either has; `change` and `mean_change` are relative (0.03 is
    3 %), of that day and of the mean over all days that both have; None where one is unknown.
    `moved` days have another value, `gained` days only the new mapping's, `lost` days only the
    old one's."""

    canonical_id: str
    column: str
    last_day: date
    before: float | None
    after: float | None
    change: float | None
    mean_change: float | None
    days: int
    moved: int
    gained: int
    lost: int


@frozen
class Effect:
    """What an edit does to the universe of `as_of`: `joined` canonical assets are in it only with
    the new mapping, `gone` ones are folded into others by it, and `split` assets are folded no
    more. `missing` are members of which the lake has no series: without effect here."""

    as_of: str
    assets: int
    changes: Sequence[Change]
    joined: Sequence[str]
    gone: Sequence[str]
    split: Sequence[str]
    missing: Sequence[str]


@frozen
class _Side:
    """One mapping, the universe that it makes of the archived list, and its rows."""

    mapping: CanonicalMapping
    universe: Universe

    @property
    def members(self) -> dict[str, tuple[str, ...]]:
        return {asset.id: tuple(asset.members) for asset in self.universe.assets}


def effect(
    before: CanonicalMapping,
    after: CanonicalMapping,
    store: Store,
    registry: Registry,
    environment: Mapping[str, str],
    *,
    sandbox: bool,
    since: date | None = None,
) -> Effect:
    """Fold what the lake holds of the newest archived universe with both mappings, and compare.

    Only assets that the edit can touch are folded. Raises ConfigError where no universe is archived
    or a column comes from what no provider offers, StoreError where the lake cannot be read.
    """
    check_sources(after, registry)
    archived = newest(store, now(), 10**9)
    if archived is None:
        raise ConfigError(f"no universe is archived in {store.url}: {ADVICE}")
    listed = [asset.listed for asset in archived.assets]
    sides = [
        _Side(one, choose(listed, one, len(listed), archived.as_of)) for one in (before, after)
    ]
    touched = _touched(*sides)
    refold = _Refold(store, registry, environment, sandbox, since)
    (rows_before, missing_before), (rows_after, missing_after) = (
        refold(side, touched) for side in sides
    )
    old, new = (side.members for side in sides)
    leaving = {one for ids in old.values() for one in ids} - {
        one for ids in new.values() for one in ids
    }
    return Effect(
        as_of=f"{archived.as_of:%Y-%m-%d %H:%M} UTC",
        assets=len(archived.assets),
        changes=changes_between(rows_before, rows_after),
        joined=sorted(set(new) - set(old)),
        gone=sorted(set(old) - set(new)),
        split=sorted(leaving),
        missing=sorted(missing_before | missing_after),
    )


def _touched(before: _Side, after: _Side) -> set[str]:
    """The canonical assets whose cells may differ."""
    old, new = before.members, after.members
    rules, edited = before.mapping.overrides, after.mapping.overrides
    everything = (
        before.mapping.columns != after.mapping.columns
        or before.mapping.guard != after.mapping.guard
        or before.mapping.native_ids != after.mapping.native_ids
    )
    return {
        one
        for one in {*old, *new}
        if everything
        or old.get(one) != new.get(one)
        or before.mapping.members(one) != after.mapping.members(one)  # another kind, too
        or rules.get(one) != edited.get(one)
    }


@frozen
class _Refold:
    store: Store
    registry: Registry
    environment: Mapping[str, str]
    sandbox: bool
    since: date | None

    def __call__(self, side: _Side, touched: set[str]) -> tuple[pl.DataFrame, set[str]]:
        """The rows of the touched assets, and the members without a series."""
        universe = side.universe
        chosen = evolve(universe, assets=[one for one in universe.assets if one.id in touched])
        columns = output_columns(side.mapping, "extended")
        since = self.since or date.min
        fed = feeds(side.mapping, folded_columns(side.mapping, columns))
        with shelf() as aside:
            series = self._series(chosen, side.mapping, aside)
            missing = {one.want.asset.id for one in series if one.known_through == date.min}
            there = [one for one in series if one.known_through != date.min]
            rows = collected(fold_all(there, fed, columns, side.mapping, since).rows)
        return rows, missing

    def _series(self, universe: Universe, mapping: CanonicalMapping, aside: Shelf) -> list[Series]:
        options = Options(
            cache=self.store.url,
            output=Path(),
            columns="extended",
            sandbox=self.sandbox,
            offline=True,
            as_of=universe.as_of,
            since=self.since,
        )
        stop = threading.Event()
        with (
            vendors(options, now) as world,
            sources(self.registry, options, self.environment, world, stop) as members,
        ):
            wanted = wants(options, members.taking_part, universe, mapping, universe.as_of)
            cache = AssetCache(self.store, clock=world.clock, read_only=True)
            parts = lanes(
                wanted,
                members.taking_part,
                mapping.native_ids,
                cache.survey(map(series_key, wanted)),
                offline=True,
            )
            return fetch_all(parts, stop, lambda series: series.put_aside(aside))


def changes_between(before: pl.DataFrame, after: pl.DataFrame) -> list[Change]:
    """Every column of every canonical asset that differs, the largest change first."""
    old, new = (
        rows.unpivot(index=KEYS, variable_name="column").drop_nulls() for rows in (before, after)
    )
    both = old.join(new, on=[*KEYS, "column"], how="full", coalesce=True, suffix="_after")
    found = [
        change
        for (canonical, column), rows in both.group_by("canonical_id", "column")
        if (change := _change(str(canonical), str(column), rows.sort("date")))
    ]
    return sorted(found, key=lambda one: (-abs(one.change or 0), one.canonical_id, one.column))


def _change(canonical: str, column: str, rows: pl.DataFrame) -> Change | None:
    known = rows.drop_nulls()
    moved = known.filter(pl.col("value") != pl.col("value_after")).height
    lost = rows["value_after"].null_count()
    gained = rows["value"].null_count()
    if not (moved or lost or gained):
        return None
    last = rows.row(-1, named=True)
    return Change(
        canonical,
        column,
        last["date"],
        last["value"],
        last["value_after"],
        _relative(last["value"], last["value_after"]),
        _relative(float(known["value"].sum()), float(known["value_after"].sum())),
        rows.height,
        moved,
        gained,
        lost,
    )


def _relative(before: float | None, after: float | None) -> float | None:
    if before is None or after is None or before == 0:
        return None
    return after / before - 1
