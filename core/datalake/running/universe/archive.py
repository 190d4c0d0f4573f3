"""Keeps each run's universe in the store: over time a point-in-time, survivorship-free record."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone

import polars as pl

from ...errors import Conflict, StoreError
from ...models import Asset
from ...stores import ABSENT, Store
from .assets import CanonicalAsset, Universe

log = logging.getLogger(__name__)

PREFIX = "universe/v1/"
TOP, NAMED = "top", "assets"
#: What to do where there is none.
ADVICE = "each `datalake run` without `--assets` archives one"
SCHEMA = pl.Schema(
    [
        ("date", pl.Date()),
        ("rank", pl.Int32()),
        ("canonical_id", pl.String()),
        ("symbol", pl.String()),
        ("name", pl.String()),
        ("market_cap", pl.Float64()),
        ("price", pl.Float64()),
        ("image", pl.String()),
        ("listed_id", pl.String()),
        ("members", pl.List(pl.String())),
    ]
)


def archive(store: Store, universe: Universe, selection: str) -> None:
    """Write the universe once; the same instant's universe is never replaced.

    A store that cannot be written costs only the record.
    """
    buffer = io.BytesIO()
    pl.DataFrame(rows(universe), schema=SCHEMA).write_parquet(buffer, compression="zstd")
    try:
        store.put(_key(universe.as_of, selection), buffer.getvalue(), {}, if_generation=ABSENT)
    except Conflict:
        return
    except StoreError as error:
        log.warning("the universe of this run is not archived: %s", error)


def newest(store: Store, as_of: datetime, top: int) -> Universe | None:
    """The newest archived universe at or before `as_of` that has `top` assets, cut to those.

    Where none is that large, the newest at all; None where there is none.
    """
    largest: Universe | None = None
    for universe in archived(store, as_of, TOP):
        if len(universe.assets) >= top:
            return universe.cut(top)
        largest = largest or universe
    return largest


def archived(store: Store, as_of: datetime, selection: str) -> Iterator[Universe]:
    """The readable universes of a selection that were archived at or before `as_of`, newest
    first."""
    keys = [entry.key for entry in store.list(f"{PREFIX}selection={selection}/")]
    for key in sorted(keys, reverse=True):
        known_at = _instant(key)
        if known_at is not None and known_at <= as_of and (found := _read(store, key, known_at)):
            yield found


def _key(as_of: datetime, selection: str) -> str:
    return f"{PREFIX}selection={selection}/{as_of:date=%Y-%m-%d/%H%M%SZ}.parquet"


def _instant(key: str) -> datetime | None:
    day, _, clock = key.rpartition("/date=")[2].partition("/")
    try:
        known_at = datetime.strptime(f"{day} {clock} +0000", "%Y-%m-%d %H%M%SZ.parquet %z")
    except ValueError:
        return None
    return known_at.astimezone(timezone.utc)


def rows(universe: Universe) -> Sequence[dict[str, object]]:
    """A row for each asset, with the columns of `SCHEMA`."""
    return [
        {
            "date": universe.as_of.date(),
            "rank": asset.rank,
            "canonical_id": asset.id,
            "symbol": asset.listed.symbol,
            "name": asset.listed.name,
            "market_cap": asset.listed.market_cap,
            "price": asset.listed.price,
            "image": asset.listed.image,
            "listed_id": asset.listed.id,
            "members": list(asset.members),
        }
        for asset in universe.assets
    ]


def _read(store: Store, key: str, known_at: datetime) -> Universe | None:
    try:
        stored = store.get(key)
    except StoreError as error:
        log.warning("an archived universe cannot be read: %s", error)
        return None
    if stored is None:
        return None
    try:
        found = pl.read_parquet(io.BytesIO(stored.data), columns=list(SCHEMA)).to_dicts()
    except (pl.exceptions.PolarsError, OSError):
        return None
    return Universe(
        known_at,
        [
            CanonicalAsset(
                row["canonical_id"],
                row["rank"],
                Asset(
                    row["listed_id"],
                    row["symbol"],
                    row["name"],
                    row["market_cap"],
                    row["price"],
                    row["image"],
                ),
                row["members"],
            )
            for row in found
        ],
    )
