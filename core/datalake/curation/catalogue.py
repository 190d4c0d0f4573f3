"""The list of all coins: asked of a provider that has one, and kept in the lake for later."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from datetime import datetime, timezone

import polars as pl
from attrs import frozen

from ..errors import ConfigError, Conflict, FetchError, StoreError
from ..models import Asset, CatalogueEntry
from ..plugins import Registry
from ..running.sources import Source
from ..running.universe.archive import NAMED, TOP, archived
from ..stores import ABSENT, Store

log = logging.getLogger(__name__)

PREFIX = "catalogue/v1/"
SCHEMA = pl.Schema(
    [
        ("id", pl.String()),
        ("symbol", pl.String()),
        ("name", pl.String()),
        ("market_cap", pl.Float64()),
        ("price", pl.Float64()),
        ("volume", pl.Float64()),
        ("chains", pl.List(pl.String())),
        ("contracts", pl.List(pl.String())),
        ("groups", pl.List(pl.String())),
        ("secondary", pl.Boolean()),
    ]
)


@frozen
class Catalogue:
    """Every coin that a provider knew at a moment, by id."""

    provider: str
    known_at: datetime
    coins: Mapping[str, CatalogueEntry]


def lister_of_coins(registry: Registry) -> str:
    """The name of an installed provider that has a list of all coins; ConfigError without one."""
    for provider in registry.providers.values():
        if provider.catalogue:
            return provider.name
    raise ConfigError(
        "no installed provider has a list of all coins; see `datalake providers list`"
    )


def ask(source: Source) -> Catalogue:
    """The provider's list as it is now. Raises FetchError, also for an error of its own."""
    assert source.provider.catalogue  # noqa: S101  # the caller chose it for that
    try:
        coins = {entry.asset.id: entry for entry in source.provider.catalogue(source.client)}
    except FetchError as error:
        raise FetchError(source.scrub(str(error))) from error
    if not coins:
        raise FetchError(f"{source.provider.title} lists no coins at all")
    return Catalogue(source.provider.name, source.client.now, coins)


def keep(store: Store, catalogue: Catalogue) -> None:
    """Write the list once; a store that cannot be written costs only the record."""
    buffer = io.BytesIO()
    rows = [_row(entry) for entry in catalogue.coins.values()]
    pl.DataFrame(rows, schema=SCHEMA).write_parquet(buffer, compression="zstd")
    moment = catalogue.known_at.astimezone(timezone.utc)
    key = f"{PREFIX}provider={catalogue.provider}/{moment:date=%Y-%m-%d/%H%M%SZ}.parquet"
    try:
        store.put(key, buffer.getvalue(), {}, if_generation=ABSENT)
    except Conflict:
        return
    except StoreError as error:
        log.warning("the list of coins is not kept: %s", error)


def newest(store: Store) -> Catalogue | None:
    """The newest readable list that the lake holds, of whatever provider. Raises StoreError."""
    kept = sorted(
        ((_moment(entry.key), entry.key) for entry in store.list(PREFIX)),
        key=lambda one: (one[0] or datetime.min.replace(tzinfo=timezone.utc), one[1]),
    )
    for moment, key in reversed(kept):
        if moment and (found := _read(store, key, moment)):
            return found
    return None


def of_universes(store: Store, as_of: datetime) -> Catalogue | None:
    """The coins of the newest archived universes, where no list of all is kept: names and prices
    of the largest, and nothing of contracts or categories. Raises StoreError."""
    newest_first = [next(archived(store, as_of, one), None) for one in (TOP, NAMED)]
    found = [universe for universe in newest_first if universe]
    if not found:
        return None
    coins = {
        asset.listed.id: CatalogueEntry(asset=asset.listed)
        for universe in reversed(found)
        for asset in universe.assets
    }
    return Catalogue("archived universes", found[0].as_of, coins)


def _moment(key: str) -> datetime | None:
    text = key.rpartition("/date=")[2]
    try:
        return datetime.strptime(f"{text} +0000", "%Y-%m-%d/%H%M%SZ.parquet %z")
    except ValueError:
        return None


def _read(store: Store, key: str, moment: datetime) -> Catalogue | None:
    stored = store.get(key)
    try:
        rows = pl.read_parquet(io.BytesIO(stored.data if stored else b""), columns=list(SCHEMA))
    except (pl.exceptions.PolarsError, OSError):
        log.warning("%s in %s cannot be read", key, store.url)
        return None
    provider = key.removeprefix(PREFIX).partition("/")[0].removeprefix("provider=")
    return Catalogue(provider, moment, {row["id"]: _entry(row) for row in rows.to_dicts()})


def _row(entry: CatalogueEntry) -> dict[str, object]:
    asset = entry.asset
    return {
        "id": asset.id,
        "symbol": asset.symbol,
        "name": asset.name,
        "market_cap": asset.market_cap,
        "price": asset.price,
        "volume": entry.volume,
        "chains": list(entry.platforms),
        "contracts": list(entry.platforms.values()),
        "groups": sorted(entry.groups),
        "secondary": entry.secondary,
    }


def _entry(row: dict[str, object]) -> CatalogueEntry:
    chains, contracts = row.pop("chains"), row.pop("contracts")
    volume, groups, secondary = row.pop("volume"), row.pop("groups"), row.pop("secondary")
    return CatalogueEntry(
        asset=Asset(**row),  # type: ignore[arg-type]  # the rest are its fields, by their names
        volume=volume,  # type: ignore[arg-type]  # as SCHEMA says
        platforms=dict(zip(chains, contracts, strict=True)),  # type: ignore[call-overload]  # same
        groups=frozenset(groups),  # type: ignore[call-overload]  # same
        secondary=bool(secondary),
    )
