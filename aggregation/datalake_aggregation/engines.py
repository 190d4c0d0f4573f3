"""The engines that frames may come from, and what narwhals leaves to each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from secrets import token_hex
from typing import Any, TypeAlias

import narwhals.stable.v2 as nw

#: A frame of any engine; of both kinds only what they share is used.
Frame: TypeAlias = Any  # nw.DataFrame[Any] | nw.LazyFrame[Any], whose methods mypy cannot unite

#: Engines that put off all work until a result is asked for.
LAZY = (nw.Implementation.POLARS, nw.Implementation.DUCKDB, nw.Implementation.PYSPARK)
KNOWN = "give a Polars, pandas, pyarrow, DuckDB or PySpark frame"


def known_frame(frame: Any) -> Frame:
    """Wrap a frame of one of our engines. Raises TypeError for anything else."""
    known = nw.from_native(frame, pass_through=True)
    if isinstance(known, nw.DataFrame):
        return known
    if isinstance(known, nw.LazyFrame) and known.implementation in LAZY:
        return known
    name = f"{type(frame).__module__.split('.')[0]} {type(frame).__name__}"
    raise TypeError(f"a {name} cannot be folded; {KNOWN}")


def native(frame: Frame) -> Any:
    """The engine's own frame, with a plain index where it has one."""
    if isinstance(frame, nw.DataFrame):
        frame = nw.maybe_reset_index(frame)
    return frame.to_native()


def collected(frame: Frame) -> nw.DataFrame[Any]:
    """The rows themselves; for few of them only."""
    return frame.collect() if isinstance(frame, nw.LazyFrame) else frame


def in_order(frame: Frame, number: str) -> Frame:
    """The rows in order of a number where that makes grouping by it much faster: on Polars."""
    eager = isinstance(frame, nw.DataFrame)
    return frame.sort(number) if eager and frame.implementation.is_polars() else frame


def ranked(frame: Frame, name: str, texts: Iterable[str]) -> Frame:
    """Texts as numbers in order of the texts where that is faster: on Polars."""
    if isinstance(frame, nw.DataFrame) and frame.implementation.is_polars():
        return frame.with_columns(nw.col(name).cast(nw.Enum(sorted(texts))))
    return frame


def is_ranked(frame: Frame, name: str) -> bool:
    """Whether texts are such numbers."""
    return bool(frame.implementation.is_polars() and frame.collect_schema()[name] == nw.Enum)


def in_order_of_days(frame: Frame, ids: str) -> Frame:
    """The rows in order of an id and `date`: on Polars, where ids are numbers, of one number."""
    if isinstance(frame, nw.LazyFrame) or not is_ranked(frame, ids):
        return frame.sort(ids, "date")
    rows = frame.to_native()
    place = rows[ids].to_physical().cast(int) * 10**7 + rows["date"].dt.epoch("d")
    return nw.from_native(rows[place.arg_sort()])


def settled(frame: Frame) -> Frame:
    """Work a small frame out once and for all, so that what is built on it need not do so again.

    An engine that puts off its work would else repeat it wherever the frame is mentioned.
    """
    engine = frame.implementation
    if not isinstance(frame, nw.LazyFrame):
        return frame
    if engine is nw.Implementation.DUCKDB:
        return nw.from_native(_duckdb_temporary(frame.to_native()))
    if engine is nw.Implementation.PYSPARK:
        return nw.from_native(frame.to_native().localCheckpoint())
    return frame.collect().lazy()


def _duckdb_temporary(relation: Any) -> Any:
    """The rows in a temporary table of the relation's own connection, which goes with that."""
    name = f"datalake_{token_hex(8)}"
    relation.query(f"{name}_rows", f"CREATE TEMP TABLE {name} AS FROM {name}_rows")
    return relation.query(f"{name}_rows", f"FROM {name}")


def table_like(
    frame: Frame, columns: Mapping[str, nw.dtypes.DType], rows: Sequence[tuple[Any, ...]]
) -> Frame:
    """A small table of texts and whole numbers that can be joined to `frame`."""
    types = {name: "BIGINT" if kind == nw.Int64 else "STRING" for name, kind in columns.items()}
    if frame.implementation is nw.Implementation.DUCKDB:
        return nw.from_native(_duckdb_table(frame.to_native(), types, rows))
    if frame.implementation is nw.Implementation.PYSPARK:
        return nw.from_native(_spark_table(frame.to_native(), types, rows))
    values = {name: [row[place] for row in rows] for place, name in enumerate(columns)}
    table = nw.from_dict(values, nw.Schema(columns), backend=frame.implementation)
    return table.lazy() if isinstance(frame, nw.LazyFrame) else table


def _duckdb_table(relation: Any, types: Mapping[str, str], rows: Iterable[tuple[Any, ...]]) -> Any:
    """Made of the relation itself: one of another connection could not be joined to it."""
    fields = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
    structs = ", ".join(f"ROW({', '.join(map(_literal, row))})" for row in rows)
    one = relation.limit(0).aggregate("count(*)")
    return one.project(f"unnest([{structs}]::STRUCT({fields})[], recursive := true)")


def _literal(value: object) -> str:
    """A value in SQL, as a text that DuckDB casts."""
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


def _spark_table(frame: Any, types: Mapping[str, str], rows: Sequence[tuple[Any, ...]]) -> Any:
    """Sent to every worker, so that no row of the lake has to move for it."""
    from pyspark.sql.functions import broadcast

    schema = ", ".join(f"`{name}` {kind}" for name, kind in types.items())
    return broadcast(frame.sparkSession.createDataFrame(list(rows), schema))
