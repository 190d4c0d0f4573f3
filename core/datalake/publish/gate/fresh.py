"""The gate's look at the last day that is known of each column: it must not move back."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from ...rules import GateRules
from ..candidate import Candidate, Check
from .breadth import Crowd, finding, listed, passed


def check_freshness(
    candidate: Candidate,
    now: pl.DataFrame,
    then: pl.DataFrame | None,
    crowd: Crowd,
    rules: GateRules,
) -> list[Check]:
    """Columns of assets that end earlier than they are published, and columns that are stale, by
    the figures of both files."""
    stale = _stale(candidate, now, rules)
    return [stale] if then is None else [_fallen(candidate, now, then, crowd, rules), stale]


def _fallen(
    candidate: Candidate, now: pl.DataFrame, then: pl.DataFrame, crowd: Crowd, rules: GateRules
) -> Check:
    columns = [name for name in candidate.values if name in then.columns]
    universe = [asset.canonical_id for asset in candidate.assets]
    wanted = then.filter(pl.col("canonical_id").is_in(universe))
    both = wanted.join(now, on="canonical_id", how="left", suffix=" now")
    told, broad = [], False
    for name in columns:
        day, day_now = pl.col(name), pl.col(f"{name} now")
        fallen = both.filter(day.is_not_null() & (day_now.is_null() | (day_now < day)))
        ids = fallen["canonical_id"].to_list()
        if not ids:
            continue
        broad |= crowd.many(ids, rules.max_share) or crowd.heavy(ids, rules.max_share)
        items = [
            f"{row['canonical_id']} through {row[f'{name} now'] or 'no day'}, "
            f"published through {row[name]}"
            for row in fallen.sort("canonical_id").iter_rows(named=True)
        ]
        told.append(f"{name} of {crowd.told(ids)}: {listed(items)}")
    if not told:
        return passed("freshness", "nothing ends earlier than it is published")
    return finding("freshness", broad, f"what was known is gone: {'; '.join(told)}")


def _stale(candidate: Candidate, now: pl.DataFrame, rules: GateRules) -> Check:
    """A column as a whole whose last value is old; single assets come and go."""
    through = now.select(pl.col(candidate.values).max()).row(0, named=True)
    told = []
    for note in candidate.columns:
        closed: date = note.last_closed or candidate.last_day
        last: date | None = through[note.name]
        if last and last < closed - timedelta(days=rules.stale_days):
            told.append(f"{note.name} is known through {last} only, of {closed}")
    if not told:
        return passed("staleness", f"no column ends {rules.stale_days} days before its source's")
    return finding("staleness", False, f"{listed(told)}; it is null since")
