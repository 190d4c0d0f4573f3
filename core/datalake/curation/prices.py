"""How alike two assets' prices move, by the series that the lake holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl
from attrs import field, frozen

from datalake_aggregation import Mapping

from ..cache import AssetCache, Found, SeriesKey
from ..plugins import Registry
from ..running.planning.plan import Feed, feeds

#: So many of the newest days are compared.
DAYS = 90
#: Fewer common days prove nothing.
FEWEST = 20


@frozen
class Likeness:
    """One asset's price by another's: the median ratio, its spread (half of the distance from the
    5 % to the 95 % quantile) and the correlation of their daily changes, over `days` common days to
    `through`. The correlation is None where one of them never moves."""

    ratio: float
    spread: float
    correlation: float | None
    days: int
    through: date


@frozen
class Prices:
    """Reads closing prices from the lake, each asset's once."""

    cache: AssetCache = field(repr=False)
    registry: Registry
    mapping: Mapping
    _read: dict[str, pl.DataFrame | None] = field(factory=dict, init=False, repr=False)

    def likeness(self, asset: str, other: str) -> Likeness | None:
        """How `asset` stands to `other`; None where the lake holds too little of them."""
        one, two = self.of(asset), self.of(other)
        if one is None or two is None:
            return None
        both = one.join(two, on="date", suffix="_other").sort("date").tail(DAYS)
        if both.height < FEWEST:
            return None
        ratio = both["close"] / both["close_other"]
        low, high = ratio.quantile(0.05), ratio.quantile(0.95)
        changes = both.select(pl.col("close", "close_other").log().diff()).drop_nulls()
        correlation = changes.select(pl.corr("close", "close_other")).item()
        known = correlation is not None and correlation == correlation  # NaN: it never moved
        last: date = both["date"].item(-1)
        return Likeness(
            ratio=float(ratio.median()),  # type: ignore[arg-type]  # there are rows
            spread=((high or 0.0) - (low or 0.0)) / 2,
            correlation=float(correlation) if known else None,
            days=both.height,
            through=last,
        )

    def of(self, asset: str) -> pl.DataFrame | None:
        """`date` and `close`, where above 0, of the newest days; None where the lake has none."""
        if asset not in self._read:
            self._read[asset] = self._found(asset)
        return self._read[asset]

    def _found(self, asset: str) -> pl.DataFrame | None:
        for feed in feeds(self.mapping, ["close"]):
            rows = self._column(asset, feed)
            if rows is not None and rows.height:
                first = rows["date"].max() - timedelta(days=2 * DAYS)  # type: ignore[operator]  # dates
                return rows.filter(pl.col("date") >= first)
        return None

    def _column(self, asset: str, feed: Feed) -> pl.DataFrame | None:
        provider, _, name = feed.dataset.partition(".")
        dataset = self.registry.dataset(provider, name)
        if dataset is None:
            return None
        found = self.cache.find(SeriesKey(provider, name, asset), dataset)
        if not isinstance(found, Found):
            return None
        rows = pl.DataFrame(pl.from_arrow(found.table))
        return rows.select("date", close=feed.column).filter(pl.col("close") > 0)


def price_keys(mapping: Mapping) -> list[SeriesKey]:
    """The series of prices of all assets that the mapping names."""
    named = [member.asset for members in mapping.variants.values() for member in members]
    sources = [feed.dataset.split(".") for feed in feeds(mapping, ["close"])]
    return [
        SeriesKey(provider, dataset, asset)
        for provider, dataset in sources
        for asset in [*mapping.variants, *named]
    ]


def held(listed: Iterable[str], mapping: Mapping) -> set[str]:
    """The assets of which the lake holds a series of prices; `listed` are the keys of objects."""
    from ..lake.inventory import parse_name

    sources = {tuple(feed.dataset.split(".")) for feed in feeds(mapping, ["close"])}
    keys = filter(None, map(parse_name, listed))
    return {key.asset for key in keys if (key.provider, key.dataset) in sources}
