"""The gate's second witness: a value that another provider has too should not be far from it."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from ...names import KEYS
from ...rules import GateRules
from ..candidate import Candidate, Check
from ..rows import collected
from .breadth import Crowd, amount, finding, listed, passed

#: The newest day that both providers know counts, unless it is older than this.
RECENT = timedelta(days=7)


def check_opinions(candidate: Candidate, crowd: Crowd, rules: GateRules) -> list[Check]:
    """One check for each column of which another provider's values are at hand."""
    opinions = candidate.evidence.opinions
    if opinions is None:
        return []
    names = [name for name in candidate.values if name in opinions.columns]
    return [_check(candidate, opinions, name, crowd, rules) for name in names]


def _check(
    candidate: Candidate, opinions: pl.DataFrame, name: str, crowd: Crowd, rules: GateRules
) -> Check:
    other = opinions.select(*KEYS, pl.col(name).alias("other")).drop_nulls()
    newest = (
        collected(
            candidate.rows.filter(pl.col("date") > candidate.last_day - RECENT)
            .select(*KEYS, name)
            .drop_nulls()
        )
        .join(other, on=list(KEYS))
        .sort("date")
        .group_by("canonical_id")
        .last()
    )
    title = f"second opinion of {name}"
    if not newest.height:
        return passed(title, "no other provider knows any of the newest days")
    difference = (pl.col(name) - pl.col("other")).abs() / pl.max_horizontal(name, "other")
    apart = newest.filter(difference > rules.max_difference).sort(difference, descending=True)
    if not apart.height:
        detail = f"within {rules.max_difference:.0%} of another provider's for {newest.height:,}"
        return passed(title, f"{detail} assets")
    ids = apart["canonical_id"].to_list()
    told = [
        f"{row['canonical_id']} on {row['date']} {amount(row[name])}, there {amount(row['other'])}"
        for row in apart.iter_rows(named=True)
    ]
    broad = crowd.many(ids, rules.max_share) or crowd.heavy(ids, rules.max_share)
    detail = f"another provider disagrees on {crowd.told(ids)}: {listed(told)}"
    return finding(title, broad, detail)
