"""A lake as its readers have it: series, universes, what is published, and what runs did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
from attrs import field, frozen

from ..errors import ConfigError
from ..lake.origin import found_origin
from ..plugins import Registry
from ..stores import Store
from . import series
from .series import Missing
from .wishes import Day, Instant, Names, day_of, instant_of, names_of, window_of

if TYPE_CHECKING:
    from ..explaining.explain import Explained
    from ..publish import Place


@frozen
class Lake:
    """A lake to read from, as `datalake.open` gives it; nothing here writes.

    All results are Arrow tables: `.to_pandas()` makes a frame of one, `polars.from_arrow(rows)`
    does without a copy, and DuckDB finds a table by the name of its variable
    (`duckdb.sql("SELECT … FROM rows")`). Unknown is null, never 0 and never NaN. Days are UTC
    days: the row of a day describes `[day, day + 1 day)`.

    `as_of` asks what was known at an instant: an aware datetime, a text like `2026-03-15T10:30Z`,
    or a day, of which the end is meant. What such a read gives does not change any more, whatever
    is learnt later, as long as nobody prunes the lake. Raises ConfigError for the future.

    It may be shared by threads. Methods raise ConfigError where what is asked for is not there,
    with what to do about it, and StoreError where the lake cannot be read, or holds something that
    is damaged.
    """

    store: Store
    output: str | None = None
    registry: Registry = field(kw_only=True, repr=False)
    environment: Mapping[str, str] = field(kw_only=True, repr=False)
    clock: Callable[[], datetime] = field(kw_only=True, repr=False)

    @property
    def url(self) -> str:
        """Where it is."""
        return self.store.url

    @property
    def origin(self) -> str | None:
        """Where its data come from: `live`, `sandbox` (a simulated market) or `recordings`; None
        while it is empty."""
        return found_origin(self.store)

    def series(
        self,
        dataset: str,
        assets: Names | None = None,
        *,
        since: Day | None = None,
        until: Day | None = None,
        columns: Names | None = None,
        as_of: Instant | None = None,
        missing: Missing = "raise",
    ) -> pa.Table:
        """Daily rows of a dataset (`coingecko.market`), as its provider tells them.

        `assets` are CoinGecko ids, of canonical assets and of variants alike (`wrapped-bitcoin`),
        by default all that the lake has; `since` and `until` are days, both included. Of each
        asset one object is read, whatever else the lake holds.

        The columns are `asset` (string), `date` (date32), then the dataset's own or those of them
        that `columns` names; unit and meaning are in each field's metadata, as `datalake providers
        show` lists them. `observed_at` (when that row was learnt) comes if it is named. Rows are
        in the order of `assets`, then of `date`, and only days that are over and settled have one.

        With `as_of` each day has the row that was known then; a day that was learnt later has
        none. An asset of which nothing is (or was) known is an error, unless `missing` is "skip":
        it then has no rows.
        """
        provider, declared, kept_as = series.named_dataset(self.registry, dataset)
        wish = series.Wish(
            provider=provider,
            dataset=declared,
            kept_as=kept_as,
            assets=names_of(assets),
            window=window_of(since, until),
            columns=series.columns_of(declared, columns),
            moment=self._moment(as_of),
            missing=missing,
        )
        return series.read(self.store, wish, self.clock)

    def universe(self, as_of: Instant | None = None, *, top: int = 200) -> pa.Table:
        """The largest `top` canonical assets as they were listed at `as_of` (default: last).

        Each run archives the list that it was made for (one with `--assets` has none), so these are
        the assets of that time, the ones that are gone since included. It is the newest list that
        has `top` assets; where none has, the largest.

        Columns: `as_of` (timestamp[us, UTC], when the list was asked for), `rank` (1 is the
        largest), `canonical_id`, `symbol`, `name`, `market_cap` and `price` (USD, then), `members`
        (list of ids: the native one and its variants). One row an asset, in order of `rank`.
        Source: the list of CoinGecko, variants folded by the mapping of the run.
        """
        from .universe import read

        return read(self.store, self._moment(as_of) or self.clock(), top)

    def published(
        self,
        as_of: Instant | None = None,
        *,
        assets: Names | None = None,
        since: Day | None = None,
        until: Day | None = None,
        columns: Names | None = None,
        missing: Missing = "raise",
    ) -> pa.Table:
        """The published rows, or with `as_of` those that a reader found published then.

        `assets` are canonical ids. The columns are `date` (timestamp[us, UTC], midnight) and
        `canonical_id`, then all others or those that `columns` names, sorted by asset and date;
        the schema's metadata have units, sources, time conventions and the last closed day of each
        (JSON, under `datalake.columns`), and whether the rows are `synthetic`.

        Only the row groups that may hold the assets are read, of the wanted columns. They are
        checked page by page; a store of a plugin that has no `get_range` gives the whole file.
        """
        from . import published

        part = published.Part(
            assets=names_of(assets),
            window=window_of(since, until),
            columns=columns,
            missing=missing,
        )
        place = self._place()
        return published.read(place, published.entry_at(place, self._moment(as_of)), part)

    def runs(self) -> pa.Table:
        """The runs that left a report here, the newest first.

        Columns: `run_id`, `status`, `exit_code`, `as_of` and `finished_at` (timestamp[us, UTC]),
        `calls` (to providers), `cache_hits`, `rows` (published or refused; null where it came to
        none). One listing, no download.
        """
        from .history import read

        return read(self.store)

    def explain(self, asset: str, column: str, date: Day | None = None) -> Explained:
        """One published number taken apart: its rule, each member's value, and the series that it
        came from, recomputed from the inputs of the run that published it. The newest day with a
        value where `date` is None. An asset may be a variant: then its canonical asset is meant.

        `published` is the value in the file, `cell.value` the recomputed one, `equal` whether they
        are the same to the last bit.
        """
        from ..explaining.explain import explain
        from ..explaining.published import read_file

        file = read_file(self._place())
        day = day_of("date", date)
        return explain(file, self.store, self.registry, asset, column, day)

    def _moment(self, as_of: Instant | None) -> datetime | None:
        return None if as_of is None else instant_of(as_of, self.clock())

    def _place(self) -> Place:
        from ..publish import open_place

        if self.output is None:
            raise ConfigError("say which file is published: datalake.open(…, output=PATH)")
        return open_place(self.output, self.registry.stores, self.environment)
