"""A plugin's own reducer at work: what it is given, and what its answer must look like."""

from __future__ import annotations

import narwhals.stable.v2 as nw

from datalake_aggregation.engines import Frame
from datalake_aggregation.rules import KEYS, Reduce


class ReducerError(ValueError):
    """A plugin's reducer did not do its work; `column` is the one that it was to make."""

    def __init__(self, name: str, column: str, what: str) -> None:
        self.column = column
        super().__init__(f'the reducer "{name}" of the column "{column}" {what}')


def reduced(rows: Frame, column: str, how: Reduce) -> Frame:
    """Return date, canonical_id and `column` as the rule's reducer makes it of these rows.

    The reducer is given the rows with a value, without the fold's own columns. Raises
    ReducerError for whatever is wrong with it or its answer.
    """
    names = rows.collect_schema().names()
    metrics = [name for name in names if name not in (*KEYS, "asset") and _is_metric(name)]
    known = rows.filter(~nw.col(column).is_null()).select(*KEYS, "asset", *metrics)
    try:
        answer = nw.from_native(how.reducer(known, column))
        given = answer.collect_schema().names()
    except Exception as error:  # foreign code: whatever it raises is its own fault
        what = f"failed: {type(error).__name__}: {error}"
        raise ReducerError(how.name, column, what) from error
    missing = [name for name in (*KEYS, column) if name not in given]
    if missing:
        what = f"returned no {' and no '.join(missing)}, only {', '.join(given)}"
        raise ReducerError(how.name, column, what)
    made = answer.select(*KEYS, nw.col(column).cast(nw.Float64))
    counts = made.group_by(KEYS).agg(nw.len().alias("rows"))
    if len(counts.filter(nw.col("rows") > 1).head(1).lazy().collect()):
        what = "returned more than one row for a canonical asset and day"
        raise ReducerError(how.name, column, what)
    return made


def _is_metric(name: str) -> bool:
    return not name.startswith("_") and " " not in name  # the fold's own columns have either
