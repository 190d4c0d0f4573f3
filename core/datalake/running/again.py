"""The published rows once more, where all that decides rows is what it was: nothing is folded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import polars as pl
from attrs import asdict, frozen

from ..errors import ConfigError, StoreError
from ..plugins import Registry
from ..publish import Place
from ..publish import pointer as pointing
from ..publish.layout import DATA
from ..publish.published import Published, look
from ..publish.versions import read as read_version
from ..publish.versions import report_key
from ..stores import Store
from . import inputs
from .inputs import Input
from .recipe import Recipe
from .report import versions

#: What is remembered of a run or a series, and decides no row: it is how the rows were come by, and
#: what else is told beside them.
BESIDE_RECIPE = frozenset({"as_of"})
BESIDE_INPUT = frozenset({"how", "sha256", "learnt_at", "asked_at"})


@frozen(eq=False)
class Again:
    """`rows` as they were folded by the run of that name, and what the guard `found` then."""

    run_id: str
    rows: pl.LazyFrame
    found: Mapping[str, Any]


def again(
    place: Place, store: Store, recipe: Recipe, made_of: Sequence[Input], registry: Registry
) -> Again | None:
    """The rows that are published at a place, where folding would give just these; None where that
    is not certain, whatever the reason.

    They are made of the same series, by the same recipe and software: a plugin's reducers may be
    any, so that with these there is no telling. The published version must be whole.
    """
    if registry.reducers or recipe.open_day or any(one.how != "cached" for one in made_of):
        return None
    try:
        pointer, _, _ = pointing.read(place.store)
        run_id = pointer.current.run_id if pointer else None
        if pointer is None or run_id is None or pointer.synthetic != recipe.synthetic:
            return None
        record = inputs.read(store, run_id)
        then = deciding(record.recipe, record.series, record.versions)
        if record.failed or then != deciding(recipe, made_of, versions()):
            return None
        found = _found(place, pointer.current.version, run_id)
        data = read_version(place.store, pointer.current, DATA)
    except (ConfigError, StoreError, OSError, pointing.NotOurs):
        return None  # whoever publishes comes upon it, too, and says so
    published = look(data, DATA) if data else None
    if found is None or not isinstance(published, Published) or published.content is None:
        return None
    return Again(run_id, published.content.rows, found)


def deciding(recipe: Recipe, made_of: Sequence[Input], made_with: Mapping[str, str]) -> bytes:
    """All that decides the rows, to be compared."""
    facts = {name: fact for name, fact in asdict(recipe).items() if name not in BESIDE_RECIPE}
    series = [
        {name: fact for name, fact in asdict(one).items() if name not in BESIDE_INPUT}
        for one in made_of
    ]
    return msgspec.json.encode([facts, series, dict(made_with)], order="deterministic")


def _found(place: Place, version: str, run_id: str) -> Mapping[str, Any] | None:
    """What the guard found, by the report of the run that published the version."""
    stored = place.store.get(report_key(version))
    try:
        report = json.loads(stored.data) if stored else {}
        mapping = report["mapping"] if report["run_id"] == run_id else {}
        return {name: mapping[name] for name in ("depegged", "straying")}
    except (ValueError, LookupError, TypeError):
        return None
