"""The open day of all series, by snapshots that tell of many assets at once.

One that fails costs only its own dataset's values of that day.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import pyarrow as pa
from attrs import evolve, frozen

from datalake_aggregation import Mapping

from ...errors import FetchError, OverBudget
from ...series import to_open_day
from ..folding.recipe import Recipe
from ..planning.naming import guarded
from ..planning.plan import Want, feeds
from .fetch import ended, threads
from .series import Series


@frozen
class Snapshot:
    """What came of one: of the `assets` that were asked for so many are `known`. `rejected` counts
    values that were not let in; `error` says why there are none at all, `left` that it is for
    another run, since this one may make no more calls."""

    dataset: str
    assets: int
    known: int = 0
    rejected: int = 0
    error: str | None = None
    left: bool = False


@frozen
class Today:
    """What came of the open day that was wanted: `day` is None, and has no rows, where no price of
    it came."""

    day: date | None
    snapshots: Sequence[Snapshot]

    @property
    def missing(self) -> list[str]:
        """What could not be had, in a sentence each."""
        told = [
            f"no snapshot of {one.dataset} for the open day: {one.error}"
            for one in self.snapshots
            if one.error
        ]
        return told if self.day else [*told, "no price of today came, so that there is no open day"]


Rows = dict[str, pa.Table]


def with_today(
    recipe: Recipe, series: list[Series], mapping: Mapping, stop: threading.Event
) -> tuple[Recipe, list[Series], Today]:
    """The series with the day that is open at the recipe's instant, if any price of it came: what
    has none is no day of a market. Raises nothing for a provider's fault."""
    names = [(one.want, one.source.native_id) for one in series if one.source]
    told = take(names, recipe.as_of, stop)
    snapshots = [one for _, one in told]
    by_dataset = {one.dataset: rows for rows, one in told}
    if not any(by_dataset.get(feed.dataset) for feed in feeds(mapping, ["close"])):
        return recipe, series, Today(None, snapshots)
    today = recipe.as_of.date()
    opened = [
        evolve(one, today=by_dataset.get(one.want.name, {}).get(one.want.asset.id))
        for one in series
    ]
    return evolve(recipe, last_day=today, open_day=today), opened, Today(today, snapshots)


def take(
    names: Iterable[tuple[Want, str]], as_of: datetime, stop: threading.Event
) -> list[tuple[Rows, Snapshot]]:
    """What the snapshots of each dataset that has them tell, by asset; providers side by side.
    `names` are the wants with the providers' own names for their assets."""
    by_provider: dict[str, dict[str, list[tuple[Want, str]]]] = {}
    for want, native_id in names:
        if want.dataset.snapshot:
            datasets = by_provider.setdefault(want.source.provider.name, {})
            datasets.setdefault(want.name, []).append((want, native_id))
    with threads(len(by_provider), stop) as pool:
        asked = {
            name: pool.submit(_of_provider, list(datasets.values()), as_of)
            for name, datasets in by_provider.items()
        }
        found = [part for _, told in ended(asked) for part in told]
    return sorted(found, key=lambda part: part[1].dataset)


def _of_provider(
    datasets: Iterable[Sequence[tuple[Want, str]]], as_of: datetime
) -> list[tuple[Rows, Snapshot]]:
    return [_of_dataset(named, as_of) for named in datasets]


def _of_dataset(named: Sequence[tuple[Want, str]], as_of: datetime) -> tuple[Rows, Snapshot]:
    want = named[0][0]
    names = {one.asset.id: native_id for one, native_id in named}
    told = Snapshot(want.name, len(names))
    ask, client = want.dataset.snapshot, want.source.client
    try:
        raw = guarded(want, lambda: ask and ask(list(dict.fromkeys(names.values())), client))
        found = to_open_day(want.dataset, raw, now=as_of)
    except FetchError as error:
        left = isinstance(error, OverBudget)
        return {}, evolve(told, error=want.source.scrub(str(error)), left=left)
    rows = {
        asset: found[name].table.select(["date", *want.columns])
        for asset, name in names.items()
        if name in found
    }
    rejected = sum(one.rejected for one in found.values())
    return rows, evolve(told, known=len(rows), rejected=rejected)
