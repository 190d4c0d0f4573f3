"""The input of a fold, checked and made ready: each row knows its canonical asset and kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

from datalake_aggregation.days import day_number, days
from datalake_aggregation.engines import Frame, collected, is_ranked, known_frame, table_like
from datalake_aggregation.mapping import Mapping, Member
from datalake_aggregation.problems import suggestion
from datalake_aggregation.rules import CELL, ROW

IDS = ("date", "asset")
#: More than there are days until the year 9999, and than an asset can have members.
_DAYS, _MEMBERS = 10**7, 10**4

#: A canonical asset and the members that are folded into it, native first.
Family = tuple[str, tuple[Member, ...]]


def read_rows(frame: Any, mapping: Mapping, *, unique: bool = False) -> Frame:
    """Check a long frame and make null what is no number, infinity, too; raise ValueError for what
    cannot be folded.

    `unique` promises that no (date, asset) is there twice and none is null, and spares the look.
    """
    rows = known_frame(frame)
    metrics = _metrics(rows.collect_schema().names(), mapping)
    cleaned = [_clean(rows, name) for name in metrics]
    asset = nw.col("asset") if is_ranked(rows, "asset") else nw.col("asset").cast(nw.String)
    rows = rows.select(days(rows), asset, *cleaned)
    if not unique:
        _check_keys(rows)
    return rows


def known_assets(rows: Frame, *, ask: bool) -> list[str] | None:
    """Return the assets of the rows, in order; None where an engine had to work for it, unless
    it must be asked."""
    if isinstance(rows, nw.LazyFrame) and not ask:
        return None
    return sorted(collected(rows.select("asset").unique())["asset"].to_list())


def families(mapping: Mapping, assets: Sequence[str] | None, *, alone: bool) -> list[Family]:
    """Return the canonical assets whose rows must be folded, not only renamed.

    Of known assets only those of which a variant is there, with the members that are: a native
    asset by itself is its own canonical asset. With `alone` it is a family, too.
    """
    if assets is None:
        every = ((owner, mapping.members(owner)) for owner in mapping.variants)
        return [(owner, members) for owner, members in every if len(members) > 1]
    here = set(assets)
    owners = {
        mapping.canonical_of(one) for one in assets if alone or mapping.canonical_of(one) != one
    }
    return [
        (owner, tuple(member for member in mapping.members(owner) if member.asset in here))
        for owner in sorted(owners)
    ]


def with_members(rows: Frame, folded: Sequence[Family]) -> Frame:
    """Return the rows of the families' members, with their place in the mapping."""
    ids = rows.collect_schema()["asset"]
    columns = {"asset": ids, "canonical_id": ids, "_kind": nw.String()}
    columns |= {"_family": nw.Int64(), "_order": nw.Int64()}
    table = [
        (member.asset, canonical_id, member.kind, family, order)
        for family, (canonical_id, members) in enumerate(folded)
        for order, member in enumerate(members)
    ]
    placed = rows.join(table_like(rows, columns, table), on="asset", how="inner")
    placed = placed.with_columns((nw.col("_family") * _DAYS + day_number()).alias(CELL))
    numbered = placed.with_columns((nw.col(CELL) * _MEMBERS + nw.col("_order")).alias(ROW))
    return numbered.drop("_family", "_order")


def without_members(rows: Frame, folded: Sequence[Family]) -> Frame:
    """Return the rows of all other assets, each its own canonical asset."""
    columns = {"asset": rows.collect_schema()["asset"]}
    family = [(member.asset,) for _, members in folded for member in members]
    others = rows.join(table_like(rows, columns, family), on="asset", how="anti")
    return others.rename({"asset": "canonical_id"})


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
    return nw.when(number.is_finite()).then(number).alias(name)


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
