"""The input of a fold, checked and made ready: each row knows its canonical asset and kind."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from datalake_aggregation.mapping import Mapping
from datalake_aggregation.problems import suggestion
from datalake_aggregation.rules import KEYS, NATIVE

IDS = ("date", "asset")


def read_rows(frame: Any, mapping: Mapping) -> nw.DataFrame[Any]:
    """Check a long frame and make NaN null; raise ValueError for what cannot be folded."""
    rows = _known_frame(frame)
    metrics = _metrics(rows, mapping)
    cleaned = [_clean(rows[name]) for name in metrics]
    rows = rows.select("date", nw.col("asset").cast(nw.String), *cleaned)
    _check_keys(rows)
    return rows


def with_members(rows: nw.DataFrame[Any], mapping: Mapping) -> nw.DataFrame[Any]:
    """Return the rows of assets that have variants or are some, with their place in the mapping."""
    table: dict[str, list[Any]] = {"asset": [], "canonical_id": [], "_kind": [], "_order": []}
    for canonical_id in mapping.variants:
        for order, member in enumerate(mapping.members(canonical_id)):
            row = (member.asset, canonical_id, member.kind, order)
            for values, value in zip(table.values(), row, strict=True):
                values.append(value)
    text = nw.String()
    schema = nw.Schema({"asset": text, "canonical_id": text, "_kind": text, "_order": nw.Int64()})
    members = nw.from_dict(table, schema, backend=rows.implementation)
    return rows.join(members, on="asset", how="inner")


def without_members(rows: nw.DataFrame[Any], mapping: Mapping) -> nw.DataFrame[Any]:
    """Return the rows of all other assets, each its own canonical asset."""
    family = [m.asset for asset in mapping.variants for m in mapping.members(asset)]
    return rows.filter(~nw.col("asset").is_in(family)).rename({"asset": "canonical_id"})


def alone(rows: nw.DataFrame[Any]) -> nw.DataFrame[Any]:
    """Return rows of assets without members as `with_members` would: each is its own native."""
    metrics = [name for name in rows.collect_schema().names() if name not in KEYS]
    own = (nw.lit(NATIVE).alias("_kind"), nw.lit(0, nw.Int64).alias("_order"))
    return rows.select(
        "date", nw.col("canonical_id").alias("asset"), *metrics, "canonical_id", *own
    )


def _known_frame(frame: Any) -> nw.DataFrame[Any]:
    known = nw.from_native(frame, pass_through=True)
    if not isinstance(known, nw.DataFrame):
        name = f"{type(frame).__module__.split('.')[0]} {type(frame).__name__}"
        raise TypeError(f"a {name} cannot be folded; give a Polars, pandas or pyarrow frame")
    return known


def _metrics(rows: nw.DataFrame[Any], mapping: Mapping) -> list[str]:
    missing = [name for name in IDS if name not in rows.columns]
    if missing:
        raise ValueError(f"the frame has no column {' and no column '.join(missing)}")
    metrics = [name for name in rows.columns if name not in IDS]
    if not metrics:
        raise ValueError("the frame has no metric, only date and asset; there is nothing to fold")
    for name in metrics:
        if name not in mapping.columns:
            known = suggestion(name, mapping.columns)
            raise ValueError(f'the mapping has no rule for the column "{name}"{known}')
    return metrics


def _clean(values: nw.Series[Any]) -> nw.Expr:
    name, dtype = values.name, values.dtype
    if not dtype.is_numeric():  # engines give a column of nothing but nulls any type
        if not values.is_null().all():
            raise ValueError(f'the column "{name}" holds {dtype}, not numbers; convert it first')
        return nw.lit(None).cast(nw.Float64).alias(name)
    number = nw.col(name).cast(nw.Float64)
    return nw.when(~number.is_nan()).then(number).alias(name)


def _check_keys(rows: nw.DataFrame[Any]) -> None:
    keys = rows.select(*IDS)
    for name in IDS:
        if keys[name].is_null().any():
            raise ValueError(f'a row has no {name}; every row needs "date" and "asset"')
    counts = keys.group_by("asset").agg(nw.len().alias("rows"), nw.col("date").n_unique())
    twice = counts.filter(nw.col("rows") > nw.col("date"))["asset"].to_list()
    if twice:
        rows_of_one = keys.filter(nw.col("asset") == min(twice))
        day = rows_of_one.filter(rows_of_one.is_duplicated())["date"].min()
        raise ValueError(
            f"{min(twice)} has more than one row for {day:%Y-%m-%d}; keep one per asset and day"
        )
