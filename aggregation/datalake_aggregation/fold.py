"""The fold: many assets' rows become one row per canonical asset and day. Pure, on any frame."""

from __future__ import annotations

from typing import Generic

import narwhals.stable.v2 as nw
from attrs import field, frozen
from narwhals.stable.v2.typing import IntoFrameT

from datalake_aggregation.cells import (
    Term,
    any_enters,
    by_column,
    cells,
    check_reads,
    flagged,
    terms_of,
    with_stand_ins,
)
from datalake_aggregation.engines import Frame, in_order_of_days, native, ranked, settled
from datalake_aggregation.guard import strays
from datalake_aggregation.mapping import Mapping
from datalake_aggregation.rows import (
    IDS,
    families,
    known_assets,
    read_rows,
    with_members,
    without_members,
)
from datalake_aggregation.rules import KEYS, ROW, Reduce

SORTED = ["canonical_id", "date"]


@frozen
class Folded(Generic[IntoFrameT]):
    """A fold's result and what led to it; all frames are of the kind that was folded.

    `frame` has date, canonical_id and the input's metrics. `exclusions` has date, canonical_id,
    asset, ratio, volume and excluded: a row for each day on which a variant's price strayed from
    native's beyond the guard's tolerance (where `excluded` is false it was only remarkable), and
    for each other day on which it was left out.
    """

    frame: IntoFrameT
    exclusions: IntoFrameT
    _single: Frame = field(repr=False)
    _ready: Frame = field(repr=False)
    _terms: list[Term] = field(repr=False)

    def contributions(self) -> IntoFrameT:
        """Return date, canonical_id, column, asset, value: every value that entered a cell."""
        parts = [
            _entered(rows, name, position)
            for position, (name, terms) in enumerate(by_column(self._terms).items())
            for rows in (self._single, self._ready.filter(any_enters(terms)))
        ]
        entered = nw.concat(parts).sort(*SORTED, "_position", "asset").drop("_position")
        frame: IntoFrameT = native(_spelt(entered, "canonical_id", "asset"))
        return frame


def fold(frame: IntoFrameT, mapping: Mapping, *, unique: bool = False) -> Folded[IntoFrameT]:
    """Fold a frame as `aggregate` does, and keep what the guard found and what entered.

    `unique` promises that each (date, asset) is there once, and spares the look at them.
    """
    rows = read_rows(frame, mapping, unique=unique)
    columns = [name for name in rows.collect_schema().names() if name not in IDS]
    every = [term for name in columns for term in terms_of(name, mapping, mapping.overrides)]
    check_reads(every, columns)
    # a plugin's reducer makes something of a lone value, too
    alone = any(isinstance(term.how, Reduce) for term in every)
    assets = known_assets(rows, ask=alone)
    folded = families(mapping, assets, alone=alone)
    owners = [canonical_id for canonical_id, _ in folded]
    if assets and not alone:
        rows = ranked(rows, "asset", {*assets, *owners})
    else:  # a reducer is given texts
        rows = _spelt(rows, "asset")
    terms = [term for name in columns for term in terms_of(name, mapping, owners)]
    single, ready = without_members(rows, folded), with_members(rows, folded)
    exclusions = settled(strays(ready, mapping.guard))
    ready = flagged(ready, exclusions.filter("excluded"), "_excluded")
    ready = with_stand_ins(ready, terms)
    columns = ["date", "canonical_id", *columns]
    ids = ready.collect_schema()["canonical_id"]
    made = cells(ready, terms).with_columns(nw.col("canonical_id").cast(ids)).select(columns)
    result = nw.concat([single.select(columns), made])
    return Folded(
        frame=native(_spelt(in_order_of_days(result, "canonical_id"), "canonical_id")),
        exclusions=native(_spelt(exclusions.drop(ROW), "canonical_id", "asset")),
        single=single.with_columns(asset=nw.col("canonical_id")),
        ready=ready,
        terms=terms,
    )


def _spelt(rows: Frame, *ids: str) -> Frame:
    return rows.with_columns(nw.col(*ids).cast(nw.String))


def _entered(rows: Frame, name: str, position: int) -> Frame:
    return rows.filter(~nw.col(name).is_null()).select(
        *KEYS,
        nw.lit(name).alias("column"),
        "asset",
        nw.col(name).alias("value"),
        nw.lit(position).alias("_position"),
    )


def aggregate(frame: IntoFrameT, mapping: Mapping) -> IntoFrameT:
    """Fold a long frame of date, asset and metrics to date, canonical_id and the same metrics.

    The result is sorted by canonical_id and date and is of the same kind as `frame`: Polars (lazy
    ones, too), pandas, pyarrow, a DuckDB relation or a PySpark DataFrame. Missing values (null,
    NaN or infinite) come out as null. Raises ValueError for a duplicate (date, asset), a column
    without a rule, a column that does not hold numbers, or a `date` that does not hold days.
    """
    return fold(frame, mapping).frame
