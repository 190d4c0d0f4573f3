"""What a run knows of its values beside the values: other providers' and what was learnt anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import polars as pl
import pyarrow as pa
from attrs import evolve, frozen

from datalake_aggregation import Mapping as CanonicalMapping

from ...cache.rows import crop, days_of
from ...models import DAY, Window
from ...publish import Evidence, Learnt
from ...publish.evidence import runs
from ...publish.gate.opinion import RECENT
from ...series.arrays import known
from ..fetching.series import Series
from ..fetching.shelf import Shelf
from ..folding.recipe import Recipe
from ..planning.plan import Want, feeds, output_columns
from .inputs import Input, input_of, today_of

_KEYS = ["date", "canonical_id"]


@frozen(eq=False)
class Used:
    """A series of which rows are made: its own are put aside, what else it tells is at hand."""

    series: Series
    input: Input
    learnt: Learnt | None
    opinions: pl.DataFrame | None


@frozen
class Taker:
    """Takes each series as it comes. `columns` are those of the output, `fed` those that a dataset
    feeds."""

    shelf: Shelf
    mapping: CanonicalMapping
    columns: Sequence[str]
    fed: Mapping[str, Sequence[str]]
    last_day: date

    def take(self, one: Series) -> Used:
        """All that is to be known of a series, and its rows put aside. Raises StoreError."""
        canonical = self.mapping.canonical_of(one.want.asset.id)
        return Used(
            one.put_aside(self.shelf),
            input_of(one),
            learnt(one, canonical, self.fed.get(one.want.name, ())),
            opinions(one.want, one.table, canonical, self.columns, self.last_day),
        )

    def with_today(self, used: Used, one: Series) -> Used:
        """The same with the row of the open day, if the series has one by now."""
        used = evolve(used, series=one, input=evolve(used.input, today=today_of(one)))
        if one.today is None:
            return used
        canonical = self.mapping.canonical_of(one.want.asset.id)
        now = opinions(one.want, one.today, canonical, self.columns, self.last_day)
        heard = [part for part in (used.opinions, now) if part is not None]
        return evolve(used, opinions=pl.concat(heard) if heard else None)


def taker(shelf: Shelf, recipe: Recipe, mapping: CanonicalMapping) -> Taker:
    """One for the series that a recipe takes."""
    columns = output_columns(mapping, recipe.columns)
    fed: dict[str, dict[str, None]] = {}
    for feed in feeds(mapping, columns):
        fed.setdefault(feed.dataset, {})[feed.output] = None
    outputs = {name: list(found) for name, found in fed.items()}
    return Taker(shelf, mapping, columns, outputs, recipe.last_day)


def gather(used: Iterable[Used]) -> Evidence:
    """What all series tell."""
    used = list(used)
    learnt = [one.learnt for one in used if one.learnt is not None]
    return Evidence(learnt, gather_opinions(one.opinions for one in used))


def gather_opinions(heard: Iterable[pl.DataFrame | None]) -> pl.DataFrame | None:
    """All of them in one frame, if there are any. Of several of one value the first counts."""
    parts = [one for one in heard if one is not None]
    if not parts:
        return None
    rows = pl.concat(parts, how="diagonal")
    return rows.group_by(_KEYS).agg(pl.all().drop_nulls().first())


def opinions(
    want: Want, table: pa.Table, canonical: str, columns: Sequence[str], last_day: date
) -> pl.DataFrame | None:
    """The newest days of a witness of these columns, as the gate takes them; None of any other.

    Only a canonical asset's native is heard: a wrapped token's price is another one.
    """
    witnessed = want.dataset.witnesses(columns)
    if want.asset.id != canonical or not witnessed:
        return None
    recent = crop(table, Window(last_day - 2 * RECENT + DAY, date.max))
    return pl.DataFrame(pl.from_arrow(recent.select(["date", *witnessed]))).select(
        "date",
        pl.lit(canonical).alias("canonical_id"),
        *(pl.col(name).cast(pl.Float64).alias(column) for name, column in witnessed.items()),
    )


def learnt(one: Series, canonical: str, columns: Sequence[str]) -> Learnt | None:
    """When the days of a series were learnt; None where it feeds no column."""
    if one.learnt is None or not columns:
        return None
    found = runs(days_of(one.table), known(one.learnt, "i8"))
    return Learnt(one.want.name, one.want.asset.id, canonical, columns, *found)
