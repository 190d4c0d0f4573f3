"""Lists of coins and mappings, small enough to be read."""

from __future__ import annotations

from datetime import datetime, timezone

from datalake import Asset, CatalogueEntry
from datalake.curation.catalogue import Catalogue
from datalake_aggregation import parse_mapping

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
HEAD = """
version: 1
merge: [wrapped, bridged, migrated]
columns:
  close: {source: coingecko.market.price, from: native, else: largest-volume}
  volume: {source: coingecko.market.volume, sum: members}
"""


def coin(coin_id, symbol, name, price=None, cap=None, groups=(), secondary=False, **platforms):
    """One row of a provider's list."""
    return CatalogueEntry(
        asset=Asset(coin_id, symbol, name, cap, price),
        volume=cap and cap / 100,
        platforms=platforms,
        groups=frozenset(groups),
        secondary=secondary,
    )


def catalogue(*coins):
    """A provider's list."""
    return Catalogue("acme", NOW, {one.asset.id: one for one in coins})


def mapping(assets="", file="mine.yaml"):
    """A mapping with these lines under `assets`."""
    return parse_mapping(f"{HEAD}assets:\n{assets}" if assets else HEAD, file)
