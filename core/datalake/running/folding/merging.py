"""Datasets brought beside each other: one row for each day of an asset, whatever the engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

import narwhals.stable.v2 as nw

from ..planning.plan import Feed

KEYS = ["date", "asset"]


def long_rows(
    parts: Iterable[tuple[str, Any]], feeds: Sequence[Feed], columns: Sequence[str]
) -> Any:
    """`date`, `asset` and the output columns, of datasets and their rows in narwhals' frames.

    A dataset has one row at most for a day of an asset.
    """
    named = []
    for dataset, rows in parts:
        held = rows.collect_schema().names()
        fed = [feed for feed in feeds if feed.dataset == dataset and feed.column in held]
        values = [nw.col(feed.column).cast(nw.Float64).alias(_place(feed)) for feed in fed]
        named.append(rows.select("date", "asset", *values))
    merged = reduce(_beside, named)
    found = merged.collect_schema().names()
    places: dict[str, list[str]] = {column: [] for column in columns}
    for feed in sorted(feeds, key=lambda feed: feed.place):
        if _place(feed) in found:
            places[feed.output].append(_place(feed))
    cells = (_first_known(names).alias(column) for column, names in places.items())
    return merged.select("date", "asset", *cells)


def _beside(left: Any, right: Any) -> Any:
    """The columns of both on the days that either has: several times faster than grouping."""
    both = left.join(right, on=KEYS, how="full", suffix=" right")
    values = [name for name in both.collect_schema().names() if name.split(" ")[0] not in KEYS]
    keys = (nw.coalesce(key, f"{key} right").alias(key) for key in KEYS)
    return both.select(*keys, *values)


def _first_known(columns: Sequence[str]) -> nw.Expr:
    return nw.coalesce(*map(nw.col, columns)) if columns else nw.lit(None, nw.Float64)


def _place(feed: Feed) -> str:
    return f"{feed.output}#{feed.place}"
