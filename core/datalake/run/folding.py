"""All series folded into the rows of canonical assets, a few assets at a time.

Canonical assets do not depend on each other, so only the rows that are put out are ever held as a
whole: the series of a batch are let go before the next one begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeVar

import polars as pl
from attrs import field, frozen

from datalake_aggregation import Mapping as CanonicalMapping

from .frame import long_frame, sound_rows
from .limits import known_limits
from .plan import Feed, folded_columns
from .series import Series

#: Canonical assets that are folded at once.
BATCH = 25

T = TypeVar("T")


@frozen(eq=False)
class Folding:
    """`rows` by canonical asset and day; `exclusions` is what the guard found.

    `failed` says of columns that have no values what is wrong with the reducers that make them.
    """

    rows: pl.DataFrame
    exclusions: pl.DataFrame
    failed: Mapping[str, str] = field(factory=dict)


def fold_all(
    series: list[Series],
    feeds: Sequence[Feed],
    columns: Sequence[str],
    mapping: CanonicalMapping,
    since: date,
) -> Folding:
    """The rows from `since` on, sorted by canonical asset and day. Empties `series` on its way.

    A plugin's reducer that fails costs only the column that it makes.
    """
    prices = {feed.dataset for feed in feeds if feed.output == "close"}
    with_market = any(one.want.name in prices for one in series)
    parts, exclusions = [], []
    failed: dict[str, str] = {}
    for batch in batches(series, lambda one: one.want.asset.id, mapping, BATCH):
        frame = long_frame(batch, feeds, folded_columns(mapping, columns))
        limits = known_limits(batch, feeds, columns, mapping, frame)
        rows, folded, wrong = sound_rows(frame, columns, mapping, limits, with_market=with_market)
        failed.update(wrong)
        for column in wrong:
            mapping = mapping.natively(column)
        parts.append(rows.filter(pl.col("date") >= since))
        exclusions.append(folded.exclusions.filter(pl.col("date") >= since))
    nothing = [pl.lit(None, pl.Float64).alias(column) for column in failed]
    return Folding(pl.concat(parts).with_columns(nothing), pl.concat(exclusions), failed)


def batches(
    items: list[T], asset_of: Callable[[T], str], mapping: CanonicalMapping, size: int
) -> Iterator[list[T]]:
    """What belongs to `size` canonical assets at a time, in order of their ids; at least one batch.

    Empties `items`, so that what a batch has used can be let go.
    """
    groups: dict[str, list[T]] = {}
    while items:
        one = items.pop()
        groups.setdefault(mapping.canonical_of(asset_of(one)), []).append(one)
    ids = sorted(groups)
    for start in range(0, max(1, len(ids)), size):
        yield [one for asset_id in ids[start : start + size] for one in groups.pop(asset_id)]
