"""The input of a fold, checked and made ready: each row knows its canonical asset and kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import narwhals.stable.v2 as nw

from datalake_aggregation.engines import Frame, collected, known_frame, table_like
from datalake_aggregation.mapping import Mapping, Member
from datalake_aggregation.problems import suggestion
from datalake_aggregation.rules import KEYS, NATIVE

IDS = ("date", "asset")


def read_rows(frame: Any, mapping: Mapping, *, unique: bool = False) -> Frame:
    """Check a long frame and make NaN null; raise ValueError for what cannot be folded.

    `unique` promises that no (date, asset) is there twice and none is null, and spares the look.
    """
    rows = known_frame(frame)
    metrics = _metrics(rows.collect_schema().names(), mapping)
    cleaned = [_clean(rows, name) for name in metrics]
    rows = rows.select("date", nw.col("asset").cast(nw.String), *cleaned)
    if not unique:
        _check_keys(rows)
    return rows


def with_members(rows: Frame, mapping: Mapping) -> Frame:
    """Return the rows of assets that have variants or are some, with their place in the mapping."""
    columns = {"asset": str, "canonical_id": str, "_kind": str, "_order": int}
    table = [
        (member.asset, canonical_id, member.kind, order)
        for canonical_id, members in _families(mapping)
        for order, member in enumerate(members)
    ]
    return rows.join(table_like(rows, columns, table), on="asset", how="inner")


def without_members(rows: Frame, mapping: Mapping) -> Frame:
    """Return the rows of all other assets, each its own canonical asset."""
    family = [(member.asset,) for _, members in _families(mapping) for member in members]
    others = rows.join(table_like(rows, {"asset": str}, family), on="asset", how="anti")
    return others.rename({"asset": "canonical_id"})


def alone(rows: Frame) -> Frame:
    """Return rows of assets without members as `with_members` would: each is its own native."""
    metrics = [name for name in rows.collect_schema().names() if name not in KEYS]
    own = (nw.lit(NATIVE).alias("_kind"), nw.lit(0, nw.Int64).alias("_order"))
    return rows.select(
        "date", nw.col("canonical_id").alias("asset"), *metrics, "canonical_id", *own
    )


def _families(mapping: Mapping) -> Iterator[tuple[str, tuple[Member, ...]]]:
    for canonical_id in mapping.variants:
        members = mapping.members(canonical_id)
        if len(members) > 1:
            yield canonical_id, members


def _metrics(columns: list[str], mapping: Mapping) -> list[str]:
    missing = [name for name in IDS if name not in columns]
    if missing:
        raise ValueError(f"the frame has no column {' and no column '.join(missing)}")
    metrics = [name for name in columns if name not in IDS]
    if not metrics:
        raise ValueError("the frame has no metric, only date and asset; there is nothing to fold")
    for name in metrics:
        if name not in mapping.columns:
            known = suggestion(name, mapping.columns)
            raise ValueError(f'the mapping has no rule for the column "{name}"{known}')
    return metrics


def _clean(rows: Frame, name: str) -> nw.Expr:
    dtype = rows.collect_schema()[name]
    if not dtype.is_numeric():  # engines give a column of nothing but nulls any type
        known = rows.filter(~nw.col(name).is_null()).select(name).head(1)
        if len(collected(known)):
            raise ValueError(f'the column "{name}" holds {dtype}, not numbers; convert it first')
        return nw.lit(None).cast(nw.Float64).alias(name)
    number = nw.col(name).cast(nw.Float64)
    return nw.when(~number.is_nan()).then(number).alias(name)


def _check_keys(rows: Frame) -> None:
    missing = [nw.col(name).is_null() for name in IDS]
    counts = rows.group_by(*IDS).agg(nw.len().alias("rows"))
    wrong = counts.filter((nw.col("rows") > 1) | missing[0] | missing[1])
    found = collected(wrong.sort("asset", "date").head(1)).rows(named=True)
    for row in found:
        for name in IDS:
            if row[name] is None:
                raise ValueError(f'a row has no {name}; every row needs "date" and "asset"')
        raise ValueError(
            f"{row['asset']} has more than one row for {row['date']:%Y-%m-%d}; "
            "keep one per asset and day"
        )
