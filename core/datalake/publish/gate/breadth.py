"""How much of the market a finding concerns: one small coin must not stop a whole dashboard."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import polars as pl
from attrs import frozen

from ..candidate import Check
from ..rows import collected

#: A share of fewer assets than this says nothing.
FEW = 3
#: Assets, or values, that are named in a detail.
NAMED = 5


@frozen
class Crowd:
    """The assets of a file, and by asset its part of their whole market cap."""

    count: int
    weights: Mapping[str, float]

    def many(self, ids: Collection[str], most: float, few: int = FEW) -> bool:
        """Whether so many assets are more than a share of all, and not just a few."""
        return len(ids) >= few and len(ids) > most * self.count

    def heavy(self, ids: Iterable[str], most: float) -> bool:
        """Whether the assets hold more than a share of the market cap."""
        return self.weight(ids) > most

    def weight(self, ids: Iterable[str]) -> float:
        """The assets' part of the market cap; 0 where no cap is known."""
        return sum(self.weights.get(one, 0.0) for one in ids)

    def told(self, ids: Collection[str]) -> str:
        """How many assets that are, and how much of the market cap."""
        assets = f"{len(ids)} of {self.count} assets"
        return f"{assets} with {self.weight(ids):.1%} of the market cap"


def crowd(rows: pl.LazyFrame) -> Crowd:
    """The assets of the rows, weighed by their last known market cap."""
    if "market_cap" not in rows.collect_schema():  # of a file whose footer somebody damaged
        rows = rows.with_columns(pl.lit(None, pl.Float64).alias("market_cap"))
    cap = pl.col("market_cap").drop_nulls().last().alias("cap")
    last = collected(rows.group_by("canonical_id").agg(cap))
    total = float(last["cap"].sum())
    known = last.drop_nulls("cap") if total > 0 else last.clear()
    return Crowd(last.height, {str(one): cap / total for one, cap in known.iter_rows()})


def passed(name: str, detail: str) -> Check:
    """A check that found nothing to complain of."""
    return Check(name, True, "ok", detail)


def finding(name: str, refused: bool, detail: str) -> Check:
    """A check that did: it stops the publication, or is told."""
    return Check(name, False, "refused" if refused else "warning", detail)


def listed(items: Sequence[str], total: int | None = None) -> str:
    """The first few of so many (by default of those given), and how many more there are."""
    few = items[:NAMED]
    more = (len(items) if total is None else total) - len(few)
    return "; ".join(few) + (f" and {more:,} more" if more else "")


def amount(value: float | None) -> str:
    """A value as a reader wants to see it: six digits."""
    return "none" if value is None else f"{value:,.6g}"
