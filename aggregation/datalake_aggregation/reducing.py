"""A plugin's own reducer at work: what it is given, and what its answer must look like."""

from __future__ import annotations

import narwhals.stable.v2 as nw

from datalake_aggregation.engines import Frame, collected
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
        wrong = _unlike(answer, known, column) or _twice(answer)
    except (Exception, SystemExit) as error:  # foreign code: what it raises is its own fault
        what = f"failed: {type(error).__name__}: {error}"
        raise ReducerError(how.name, column, what) from error
    if wrong:
        raise ReducerError(how.name, column, f"returned {wrong}")
    return answer.select(*KEYS, nw.col(column).cast(nw.Float64))


def _unlike(answer: Frame, known: Frame, column: str) -> str | None:
    """Say what of an answer cannot be joined to the rows that it was made of, if anything."""
    given, wanted = answer.collect_schema(), known.collect_schema()
    missing = [name for name in (*KEYS, column) if name not in given]
    if missing:
        return f"no {' and no '.join(missing)}, only {', '.join(given)}"
    if _engine(answer) != _engine(known):
        return f"a frame of another engine: {_engine(answer)}, not {_engine(known)}"
    for name in KEYS:
        if type(given[name]) is not type(wanted[name]):
            return f"{name} as {given[name]}, not as {wanted[name]}"
    if given[column] == nw.String:
        return f"{given[column]} in {column}, not numbers"
    return None


def _engine(frame: Frame) -> str:
    lazy = "lazy " if isinstance(frame, nw.LazyFrame) else ""
    return f"{lazy}{frame.implementation.value}"


def _twice(answer: Frame) -> str | None:
    counts = answer.group_by(KEYS).agg(nw.len().alias("rows"))
    if len(collected(counts.filter(nw.col("rows") > 1).head(1))):
        return "more than one row for a canonical asset and day"
    return None


def _is_metric(name: str) -> bool:
    return not name.startswith("_") and " " not in name  # the fold's own columns have either
