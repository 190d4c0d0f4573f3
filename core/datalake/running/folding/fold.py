"""All series folded into the rows of canonical assets, a few assets at a time.

Canonical assets do not depend on each other, so only a batch of them is ever held: its series and
its rows are let go before the next one begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import polars as pl
from attrs import define, field, frozen

from datalake_aggregation import Mapping as CanonicalMapping

from ..fetching.series import Series
from ..planning.plan import Feed, folded_columns
from .batches import batches
from .frame import long_frame, sound_rows
from .limits import known_limits
from .output import put_aside

#: Canonical assets that are folded at once.
BATCH = 25


@frozen(eq=False)
class Folding:
    """`rows` by canonical asset and day, held by no memory; `exclusions` is what the guard found.

    `failed` says of columns that have no values what is wrong with the reducers that make them.
    """

    rows: pl.LazyFrame
    exclusions: pl.DataFrame
    failed: Mapping[str, str] = field(factory=dict)


def fold_all(
    series: list[Series],
    feeds: Sequence[Feed],
    columns: Sequence[str],
    mapping: CanonicalMapping,
    since: date,
    finish: Callable[[pl.DataFrame], pl.DataFrame] = lambda rows: rows,
) -> Folding:
    """The rows from `since` on, sorted by canonical asset and day. Empties `series` on its way.

    `finish` is done to the rows of some assets at a time. A plugin's reducer that fails costs only
    the column that it makes. Raises StoreError where there is no room for the rows.
    """
    prices = {feed.dataset for feed in feeds if feed.output == "close"}
    with_market = any(one.want.name in prices for one in series)
    folder = _Folder(feeds, columns, mapping, since, with_market)
    parts = batches(series, lambda one: one.want.asset.id, mapping, BATCH)
    rows = put_aside(finish(folder.fold(part)) for part in parts)
    nothing = [pl.lit(None, pl.Float64).alias(column) for column in folder.failed]
    return Folding(rows.with_columns(nothing), pl.concat(folder.exclusions), folder.failed)


@define
class _Folder:
    """Folds some canonical assets after the others, and remembers what it found on the way."""

    feeds: Sequence[Feed]
    columns: Sequence[str]
    mapping: CanonicalMapping
    since: date
    with_market: bool
    exclusions: list[pl.DataFrame] = field(factory=list)
    failed: dict[str, str] = field(factory=dict)

    def fold(self, batch: Sequence[Series]) -> pl.DataFrame:
        """The rows of the canonical assets that a batch belongs to."""
        frame = long_frame(batch, self.feeds, folded_columns(self.mapping, self.columns))
        limits = known_limits(batch, self.feeds, self.columns, self.mapping, frame)
        rows, folded, wrong = sound_rows(
            frame, self.columns, self.mapping, limits, with_market=self.with_market
        )
        self.failed.update(wrong)
        for column in wrong:
            self.mapping = self.mapping.natively(column)
        wanted = pl.col("date") >= self.since
        self.exclusions.append(folded.exclusions.filter(wanted))
        return rows.filter(wanted)
