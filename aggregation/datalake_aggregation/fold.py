"""The fold: many assets' rows become one row per canonical asset and day. Pure, on any frame."""

from __future__ import annotations

from typing import Any, Generic

import narwhals.stable.v2 as nw
from attrs import field, frozen
from narwhals.stable.v2.typing import IntoDataFrameT

from datalake_aggregation.guard import KEYS, strays
from datalake_aggregation.mapping import NATIVE, Mapping, Rule
from datalake_aggregation.rows import IDS, read_rows, with_members, without_members
from datalake_aggregation.rules import picked
from datalake_aggregation.summing import sums

SORTED = ["canonical_id", "date"]


@frozen
class Folded(Generic[IntoDataFrameT]):
    """A fold's result and what led to it; all frames are of the kind that was folded.

    `frame` has date, canonical_id and the input's metrics. `exclusions` has date, canonical_id,
    asset, ratio and excluded: a row for each day on which a variant's price strayed from native's
    beyond the guard's tolerance; where `excluded` is false it was only remarkable.
    """

    frame: IntoDataFrameT
    exclusions: IntoDataFrameT
    _single: nw.DataFrame[Any] = field(repr=False)
    _ready: nw.DataFrame[Any] = field(repr=False)
    _rules: dict[str, Rule] = field(repr=False)

    def contributions(self) -> IntoDataFrameT:
        """Return date, canonical_id, column, asset, value: every value that entered a cell."""
        parts = [
            _entered(rows, name, position)
            for position, (name, rule) in enumerate(self._rules.items())
            for rows in (self._single, self._ready.filter(rule.how.enters(name)))
        ]
        entered = nw.concat(parts).sort(*SORTED, "_position", "asset").drop("_position")
        frame: IntoDataFrameT = _native(entered)
        return frame


def fold(frame: IntoDataFrameT, mapping: Mapping) -> Folded[IntoDataFrameT]:
    """Fold a frame as `aggregate` does, and keep what the guard found and what entered."""
    rows = read_rows(frame, mapping)
    rules = {name: mapping.columns[name] for name in rows.columns if name not in IDS}
    single, ready = without_members(rows, mapping), with_members(rows, mapping)
    exclusions = strays(ready, mapping.guard)
    ready = _flagged(ready, exclusions.filter("excluded"), "_excluded")
    for name, rule in rules.items():
        if rule.how.picks:
            ready = _flagged(ready, _stand_ins(ready, name), picked(name))
    columns = ["date", "canonical_id", *rules]
    cells = nw.concat([single.select(columns), _cells(ready, rules).select(columns)])
    return Folded(
        frame=_native(cells.sort(*SORTED)),
        exclusions=_native(exclusions),
        single=single.with_columns(asset=nw.col("canonical_id")),
        ready=ready,
        rules=rules,
    )


def _native(frame: nw.DataFrame[Any]) -> Any:
    return nw.maybe_reset_index(frame).to_native()


def _flagged(rows: nw.DataFrame[Any], days: nw.DataFrame[Any], flag: str) -> nw.DataFrame[Any]:
    """Add a column that is true on the rows whose date and asset are among `days`."""
    if days.is_empty():
        return rows.with_columns(nw.lit(False).alias(flag))
    marks = days.select(*IDS, nw.lit(True).alias(flag))
    marked = rows.join(marks, on=list(IDS), how="left")
    return marked.with_columns(~nw.col(flag).is_null())


def _stand_ins(rows: nw.DataFrame[Any], name: str) -> nw.DataFrame[Any]:
    """Choose, where native has no value, the variant that stands in: the largest by volume."""
    known = rows.filter(~nw.col(name).is_null())
    native = known.filter(nw.col("_kind") == NATIVE)
    others = known.filter((nw.col("_kind") != NATIVE) & ~nw.col("_excluded"))
    volume = nw.col("volume").fill_null(-1.0) if "volume" in rows.columns else nw.lit(-1.0)
    return (
        others.join(native.select(*KEYS), on=KEYS, how="anti")
        .with_columns(volume.alias("_rank"))
        .sort(*KEYS, "_rank", "_order", descending=[False, False, True, False])
        .unique(subset=KEYS, keep="first", maintain_order=True)
    )


def _cells(rows: nw.DataFrame[Any], rules: dict[str, Rule]) -> nw.DataFrame[Any]:
    """Group by canonical asset and day; a sum of nothing known is null, not 0."""
    entering = rows.select(
        *KEYS,
        *(
            nw.when(rule.how.enters(name)).then(nw.col(name)).alias(name)
            for name, rule in rules.items()
        ),
    )
    added = [name for name, rule in rules.items() if rule.how.adds]
    picks = [name for name in rules if name not in added]
    # of the others at most one row enters a cell, so the largest is that one
    cells = entering.group_by(KEYS).agg(
        *(nw.col(name).max() for name in picks), nw.len().alias("_members")
    )
    if not added:
        return cells
    return cells.join(sums(entering, KEYS, added), on=KEYS, how="left")


def _entered(rows: nw.DataFrame[Any], name: str, position: int) -> nw.DataFrame[Any]:
    return rows.filter(~nw.col(name).is_null()).select(
        *KEYS,
        nw.lit(name).alias("column"),
        "asset",
        nw.col(name).alias("value"),
        nw.lit(position).alias("_position"),
    )


def aggregate(frame: IntoDataFrameT, mapping: Mapping) -> IntoDataFrameT:
    """Fold a long frame of date, asset and metrics to date, canonical_id and the same metrics.

    The result is sorted by canonical_id and date and is of the same kind as `frame` (Polars,
    pandas or pyarrow). Missing values (null or NaN) come out as null. Raises ValueError for a
    duplicate (date, asset), a column without a rule, or a column that does not hold numbers.
    """
    return fold(frame, mapping).frame
