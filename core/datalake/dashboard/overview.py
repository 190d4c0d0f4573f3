"""The overview: one JSON document by which the page finds its way about the published file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
from attrs import frozen

from ..cache.keys import encode_name
from ..errors import ConfigError
from ..models import DAY
from ..publish.rows import collected
from .columns import Column, columns_of
from .figures import figures, numbered, prices
from .months import by_month
from .reasons import Reasons, reasons
from .shown import Shown

FORMAT = 1


def overview(shown: Shown) -> dict[str, Any]:
    """What the file itself tells, with the reasons that the run's report has; days are dates.

    Raises ConfigError where the file is not laid out as a published one.
    """
    try:
        return _overview(shown)
    except (ConfigError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{shown.file.place.url} cannot be shown: {reason}") from error


def _overview(shown: Shown) -> dict[str, Any]:
    closed_through = _closed_through(shown)
    rows = numbered(shown.file.rows, closed_through)
    found = figures(rows)
    through = {
        name: max(
            (day for one in found.values() if (day := one["columns"][name]["last"])), default=None
        )
        for name in rows.columns
    }
    columns = columns_of(shown.facts.columns, through, closed_through)
    began = [one["first_day"] for one in found.values() if one["first_day"] <= closed_through]
    assets = _Assets(found, prices(rows), columns, reasons(shown.report), closed_through)
    return {
        "format": FORMAT,
        "synthetic": shown.facts.synthetic,
        "as_of": shown.facts.as_of,
        "closed_through": closed_through,
        "open_day": shown.facts.open_day,
        "rows": sum(one["rows"] for one in found.values()),
        "first_day": min((one["first_day"] for one in found.values()), default=None),
        "columns": [column.plain() for column in columns],
        "assets": list(assets.told(shown.universe())),
        "coverage_by_month": by_month(rows, [(first, closed_through) for first in began]),
    }


def _closed_through(shown: Shown) -> date:
    """The last closed day that may have a row: as the file says, or else its last one."""
    last = shown.facts.last_day
    if last:
        return last - DAY if shown.facts.open_day else last
    found: date | None = collected(shown.file.rows.select(pl.col("date").max())).item()
    if found is None:
        raise ConfigError("it has no rows, and does not say what it is")
    return found


@frozen
class _Assets:
    """All that is known of the assets, by canonical id."""

    figures: Mapping[str, Mapping[str, Any]]
    prices: Mapping[str, Mapping[str, Any]]
    columns: Sequence[Column]
    reasons: Reasons
    closed_through: date

    def told(self, universe: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Those of the universe by rank, whether they have rows or not; then all others."""
        listed = {one["canonical_id"]: one for one in universe}
        for asset in [*listed, *(one for one in self.figures if one not in listed)]:
            yield self._one(asset, listed.get(asset, {}))

    def _one(self, asset: str, listed: Mapping[str, Any]) -> dict[str, Any]:
        own = self.figures.get(asset, {})
        known = {name: one for name, one in own.get("columns", {}).items() if one["day"]}
        price = self.prices.get(asset, {})
        first = own.get("first_day")
        return {
            "id": asset,
            **{name: listed.get(name) for name in ("symbol", "name", "rank")},
            "members": listed.get("members") or [asset],
            "file": f"{encode_name(asset)}.json",
            "rows": [own["first_row"], own["rows"]] if own else None,
            "first_day": first,
            "last_day": own.get("last_day"),
            "days": max(0, (self.closed_through - first).days + 1) if first else 0,
            "last": {name: [one["value"], one["day"]] for name, one in known.items()},
            "change": price.get("change"),
            "sparkline": price.get("spark"),
            "coverage": {
                column.name: _covered(known[column.name], column)
                for column in self.columns
                if column.name in known and known[column.name]["known"]
            },
            "why": dict(self._why(asset, known)),
        }

    def _why(self, asset: str, known: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
        for column in self.columns:
            last = known[column.name]["last"] if column.name in known else None
            if last is None or column.behind(last):
                why = self.reasons.why(asset, column)
                if why:
                    yield column.name, why


def _covered(one: Mapping[str, Any], column: Column) -> list[Any]:
    """Days with a value, the first and the last of them, and how many are behind: all closed."""
    return [one["known"], one["first"], one["last"], column.behind(one["last"])]
