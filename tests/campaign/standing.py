"""What a reader finds: it knows the layout of output and cache, and none of our code."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping

import polars as pl
from attrs import field, frozen

Values = frozenset[tuple[object, ...]]


@frozen
class Standing:
    """`version` is the pointer's; `whole` says in words what of it, or of the copies, is damaged.

    `values` are all that are published, as (day, asset, column, value); `cached` are the days of
    each series that the cache can serve.
    """

    version: str
    data: bytes = field(repr=False)
    copies: Mapping[str, bytes] = field(repr=False)
    values: Values = field(repr=False)
    cached: frozenset[tuple[str, object]] = field(repr=False)
    damage: tuple[str, ...] = ()


def examine(lying: Mapping[str, bytes], output: str, cache: str) -> Standing:
    """Follow the pointer in `output`, read the files of fixed names beside it, and the cache."""
    damage = []
    files = {}
    pointer = json.loads(lying[f"{output}x.published/current.json"])
    for kind, file in pointer["files"].items():
        data = lying.get(f"{output}x.published/{file['path']}", b"")
        if hashlib.sha256(data).hexdigest() != file["sha256"] or len(data) != file["bytes"]:
            damage.append(f"{kind} of version {pointer['version']}")
        files[kind] = data
    names = ("x.parquet", "x.assets.parquet")
    copies = {name: lying.get(output + name, b"") for name in names}
    data = files["user_facing_data"]
    return Standing(
        pointer["version"], data, copies, _values(data), _cached(lying, cache), tuple(damage)
    )


def _values(data: bytes) -> Values:
    try:
        rows = pl.read_parquet(io.BytesIO(data))
    except pl.exceptions.PolarsError:
        return frozenset()
    rows = rows.unpivot(index=["date", "canonical_id"]).drop_nulls("value")
    return frozenset(rows.iter_rows())


def _cached(lying: Mapping[str, bytes], cache: str) -> frozenset[tuple[str, object]]:
    days = set()
    for path, data in lying.items():
        if path.startswith(f"{cache}series/") and path.endswith("/series.parquet"):
            try:
                found = pl.read_parquet(io.BytesIO(data), columns=["date"])["date"]
            except (pl.exceptions.PolarsError, OSError):
                continue
            days |= {(path, day) for day in found}
    return frozenset(days)
