"""A run made again from the lake alone, to prove that it gives the very bytes that it gave."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import polars as pl
from attrs import frozen

from ...errors import ConfigError
from ...plugins import Registry
from ...publish.layout import encode_data
from ...publish.rows import height
from ...stores import Store
from ..fetching.shelf import shelf
from ..folding.recipe import candidate, fold
from ..software import versions
from .inputs import learnt_through, read, read_texts
from .restoring import restore

#: So many series or assets are named.
SHOWN = 10


@frozen(kw_only=True)
class Replayed:
    """`equal`: the same bytes; `differs`: other ones, `differences` say how; `incomplete`: some
    series cannot be had any more as the run had them."""

    run_id: str
    outcome: Literal["equal", "differs", "incomplete"]
    series: int
    rows: int | None
    expected: str
    sha256: str | None
    differences: Sequence[str] = ()


def replay(store: Store, registry: Registry, report: Mapping[str, Any]) -> Replayed:
    """Make the rows of a reported run again and compare them with what it had.

    Asks no provider and writes nothing. Raises ConfigError where the run had no rows or left no
    record, StoreError.
    """
    run_id = report["run_id"]
    expected = (report.get("output") or {}).get("sha256")
    if not expected:
        raise ConfigError(f"run {run_id} came to no rows ({report['status']}): nothing to compare")
    record = read(store, run_id)
    with shelf() as aside:
        restored = restore(record, store, registry, take=lambda one: one.put_aside(aside))
        if restored.lost:
            return Replayed(
                run_id=run_id,
                outcome="incomplete",
                series=len(record.series),
                rows=None,
                expected=expected,
                sha256=None,
                differences=[f"{one.name}: {one.reason}" for one in restored.lost],
            )
        mapping = read_texts(store, record).parse(registry.reducers)
        rows = fold(record.recipe, restored.series, mapping).rows
    learnt = learnt_through(record.series)
    whole = candidate(record.recipe, rows, record.universe, mapping, registry, learnt)
    data = encode_data(whole)
    digest = sha256(data).hexdigest()
    equal = digest == expected
    return Replayed(
        run_id=run_id,
        outcome="equal" if equal else "differs",
        series=len(record.series),
        rows=height(rows),
        expected=expected,
        sha256=digest,
        differences=() if equal else _differences(data, report, record.versions),
    )


def _differences(data: bytes, report: Mapping[str, Any], made_with: Mapping[str, str]) -> list[str]:
    """What is another today: the software, and the values where what was published is at hand."""
    now = versions()
    found = [
        f"{name} was {made_with.get(name)} and is {now.get(name)}"
        for name in sorted({*made_with, *now})
        if made_with.get(name) != now.get(name)
    ]
    published = _published(report)
    if published is None:
        return [*found, "the file of that run is not at hand, so values cannot be compared"]
    return [*found, *_values(pl.read_parquet(io.BytesIO(data)), published)]


def _published(report: Mapping[str, Any]) -> pl.DataFrame | None:
    """The file that the run published, where it still lies there."""
    path = Path(report["output"]["candidate"] or report["output"]["path"])
    data = path.read_bytes() if path.is_file() else b""
    if sha256(data).hexdigest() != report["output"]["sha256"]:
        return None
    return pl.read_parquet(io.BytesIO(data))


def _values(one: pl.DataFrame, other: pl.DataFrame) -> list[str]:
    """By column, in how many cells of which assets the two differ."""
    if one.equals(other):
        return ["all values are equal: only their encoding or the notes beside them differ"]
    keys = ["canonical_id", "date"]
    names = sorted({*one.columns, *other.columns} - set(keys))
    both = one.join(other, on=keys, how="full", coalesce=True, suffix="#")
    found = []
    for name in names:
        if name not in one.columns or name not in other.columns:
            found.append(f"{name} is only in one of them")
            continue
        rows = both.filter(pl.col(name).ne_missing(pl.col(f"{name}#")))
        if rows.height:
            assets = rows["canonical_id"].unique().sort().to_list()
            more = f" and {len(assets) - SHOWN} more" if len(assets) > SHOWN else ""
            found.append(f"{name}: {rows.height:,} values of {', '.join(assets[:SHOWN])}{more}")
    return found or ["the rows differ in number or order"]
