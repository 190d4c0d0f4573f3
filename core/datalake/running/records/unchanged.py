"""A run of which nothing has changed since what is published: the lake's listing tells, and no
series is read."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from attrs import asdict, evolve, frozen

from datalake_aggregation import Mapping as CanonicalMapping

from ...cache import AssetCache, Miss, as_listed
from ...errors import ConfigError, StoreError
from ...exits import Exit
from ...models import Window
from ...publish import Evidence, Place
from ...publish import pointer as pointing
from ...publish.layout import DATA
from ...publish.published import Published, look
from ...publish.versions import read as read_version
from ...publish.versions import report_key
from ...stores import Store
from .. import events
from ..fetching.cached import served_window
from ..fetching.fetch import ended, threads
from ..fetching.lane import Lane
from ..folding.recipe import Recipe
from ..planning.due import due
from ..planning.naming import series_key
from ..planning.plan import Want, output_columns
from ..result import Made
from ..software import versions
from ..tally import Progress
from ..universe.mapping import digest
from . import inputs
from .evidence import gather_opinions, opinions
from .inputs import Input, Record

#: What is remembered of a run, and decides no row: it is only told beside them.
BESIDE_RECIPE = frozenset({"as_of"})
Lanes = Mapping[str, Lane]


@frozen(eq=False)
class _Before:
    """What is published: the `rows`, the `record` of the run that made them, and what the guard
    `found` then."""

    record: Record
    rows: pl.LazyFrame
    found: Mapping[str, Any]


def unchanged(
    place: Place,
    store: Store,
    recipe: Recipe,
    lanes: Lanes,
    mapping: CanonicalMapping,
    progress: Progress,
    stop: threading.Event,
) -> tuple[Made, Evidence] | None:
    """The published rows once more, and what speaks for them, where a run that reads every series
    of these lanes would make just these rows and report just this; None where that is not certain,
    whatever the reason.

    Recipe, software, names and cached objects are those of the run that published, and none of the
    series is to be asked for; only the instant may be another. The published version must be whole.
    Calls are made for lists alone; of the lanes nothing is counted.
    """
    before = _before(place, store, recipe, lanes)
    if before is None:
        return None
    lanes = {name: lane.anew() for name, lane in lanes.items()}
    tallies = {name: lane.tally for name, lane in lanes.items()}
    series = {one.name: one for one in before.record.series}
    with progress(list(tallies.values())):
        if not _confirmed(lanes, series, stop):
            return None
        evidence = _evidence(lanes, series, mapping, recipe)
    if evidence is None:
        return None
    events.fetched(tallies)
    events.known(before.record.run_id)
    used = [evolve(series[name], how="cached") for name, _, _ in _wanted(lanes) if name in series]
    made = Made(
        Exit.FAILED,
        "",
        tallies=tallies,
        inputs=used,
        rows=before.rows,
        guarded=before.found,
        recipe=recipe,
    )
    return made, evidence


def _before(place: Place, store: Store, recipe: Recipe, lanes: Lanes) -> _Before | None:
    """What is published, if it was made as this run would, of series that are as they were."""
    try:
        pointer, _, _ = pointing.read(place.store)
        run_id = pointer.current.run_id if pointer else None
        if pointer is None or run_id is None or pointer.synthetic != recipe.synthetic:
            return None
        record = inputs.read(store, run_id)
        if not (_same_rules(record, recipe) and _same_series(record, lanes)):
            return None
        found = _found(place, pointer.current.version, run_id)
        data = read_version(place.store, pointer.current, DATA)
    except (ConfigError, StoreError, OSError, pointing.NotOurs):
        return None  # whoever publishes comes upon it, too, and says so
    published = look(data, DATA) if data else None
    if found is None or not isinstance(published, Published) or published.content is None:
        return None
    return _Before(record, published.content.rows, found)


def _same_rules(record: Record, recipe: Recipe) -> bool:
    return (
        not record.failed
        and deciding(record.recipe) == deciding(recipe)
        and dict(record.versions) == versions()
    )


def deciding(recipe: Recipe) -> Mapping[str, Any]:
    """All of a recipe that decides the rows."""
    return {name: fact for name, fact in asdict(recipe).items() if name not in BESIDE_RECIPE}


def _same_series(record: Record, lanes: Lanes) -> bool:
    """Whether all series of the record are wanted, and the listing has them as they were."""
    series = {one.name: one for one in record.series}
    wanted = [(want, series[name], cache) for name, want, cache in _wanted(lanes) if name in series]
    return len(wanted) == len(record.series) and all(as_it_was(*one) for one in wanted)


def as_it_was(want: Want, used: Input, cache: AssetCache) -> bool:
    """Whether the cache would serve just the rows that were used of a series, and ask nobody."""
    key = series_key(want)
    entry = (cache.listed or {}).get(key.path)
    told = as_listed(entry) if entry else None
    if told is None or (used.key, used.generation) != (key, told.generation):
        return False
    if used.how not in ("cached", "fetched") or want.refresh:
        return False
    if want.native and used.known_through is not None:
        return False  # it was late, which is told as a failure
    # where earlier days are of use, the days go back to the first one that is cached; a run that
    # met them only after it had listed the lake has used the wanted ones alone
    if want.earlier and used.start > told.coverage.start and used.rows != told.rows:
        return False
    start = used.start if want.earlier else want.wanted.start
    wanted = told.coverage.reaching_back(want.wanted) if want.earlier else want.wanted
    return (
        (list(used.columns), used.window) == (list(want.columns), Window(start, want.wanted.end))
        and told.coverage.missing(wanted, want.reachable, cache.clock()) is None
    )  # fmt: skip


def _confirmed(lanes: Lanes, series: Mapping[str, Input], stop: threading.Event) -> bool:
    """Whether each provider knows the same assets by the same names as then; the tallies of the
    lanes then say what a run that reads all would say."""
    with threads(len(lanes), stop) as pool:
        asked = {name: pool.submit(_known_again, lane, series) for name, lane in lanes.items()}
        return all(same for _, same in ended(asked))


def _known_again(lane: Lane, series: Mapping[str, Input]) -> bool:
    lane.cache.ready(series_key(want) for want in lane.wants if _name(want) not in series)
    for job in lane.jobs():
        used = series.get(_name(job.want))
        if job.found or job.error:
            return False
        if used is None:
            one = due(job, lane.cache)
            if one.asks or lane.bring_one(one, lambda found: found):
                return False
        elif job.native_id == used.native_id:
            lane.tally.as_before(used.rows)
        else:
            return False
    return lane.tally.series == sum(_name(want) in series for want in lane.wants)


def _evidence(
    lanes: Lanes, series: Mapping[str, Input], mapping: CanonicalMapping, recipe: Recipe
) -> Evidence | None:
    """Nothing was learnt since the rows were published, so that only other providers' opinions
    are to be read; None where one of them cannot be."""
    columns = output_columns(mapping, recipe.columns)
    heard = []
    for lane in lanes.values():
        used = [want for want in lane.wants if _name(want) in series]
        witnesses = [want for want in used if want.dataset.witnesses(columns)]
        lane.cache.ready(map(series_key, witnesses))
        for want in witnesses:
            try:
                found = lane.cache.find(series_key(want), want.dataset)
            except StoreError:
                return None
            if isinstance(found, Miss):
                return None
            table = found.within(served_window(found, want))
            canonical = mapping.canonical_of(want.asset.id)
            heard.append(opinions(want, table, canonical, columns, recipe.last_day))
    return Evidence((), gather_opinions(heard))


def _wanted(lanes: Lanes) -> Iterator[tuple[str, Want, AssetCache]]:
    """All that is wanted, in its order: by which name, and from which cache."""
    return ((_name(want), want, lane.cache) for lane in lanes.values() for want in lane.wants)


def _name(want: Want) -> str:
    return f"{want.name}/{want.asset.id}"


def _found(place: Place, version: str, run_id: str) -> Mapping[str, Any] | None:
    """What the guard found, by the report of the run that published the version."""
    stored = place.store.get(report_key(version))
    if stored is None or digest(stored.data) != stored.metadata.get("sha256"):
        return None
    try:
        report = json.loads(stored.data)
        mapping = report["mapping"] if report["run_id"] == run_id else {}
        return {name: mapping[name] for name in ("depegged", "straying")}
    except (ValueError, LookupError, TypeError):
        return None
