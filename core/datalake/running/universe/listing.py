"""Finds the run's universe: asked of a provider, or the archived one where that cannot be."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from datalake_aggregation import Mapping

from ...client import Stopped
from ...errors import ConfigError, FetchError, OverBudget
from ...stores import Store
from ..options import Options
from ..sources import Source
from ..vendors import Vendors
from .archive import NAMED, TOP, archived, newest
from .assets import Universe, choose, choose_named


@frozen
class Listing:
    """The universe of a run; `trouble` says why an archived one (or bare ids) had to stand in.

    `selection` is what a universe that came just now is archived as; None for any other.
    """

    universe: Universe
    trouble: str | None = None
    selection: str | None = None


def find_universe(
    options: Options,
    source: Source,
    vendors: Vendors,
    store: Store,
    mapping: Mapping,
    as_of: datetime,
) -> Listing:
    """The canonical assets of this run.

    Raises ConfigError for a past `as_of` of which no universe is archived (today's list would be
    look-ahead) or, offline, where none is archived at all; FetchError where there is neither a
    list nor an archived one, OverBudget where the run may not ask for it.
    """
    if options.offline:
        return _archived(options, store, mapping, as_of)
    if options.assets:
        return _named(options, source, mapping, as_of)
    if as_of.date() < vendors.clock().date():
        return Listing(_of_that_day(store, mapping, as_of, options.top))
    try:
        universe = choose(_rows(source, None), mapping, options.top, as_of)
        if not universe.assets:
            raise FetchError(f"{source.provider.title} lists no assets at all")
    except OverBudget:
        raise  # not the vendor's fault: the next run may ask
    except FetchError as error:
        archived = _refolded(newest(store, as_of, options.top), mapping, options.top)
        if archived is None:
            raise
        return Listing(archived, f"the list of {archived.as_of:%Y-%m-%d %H:%M} stands in: {error}")
    listed = len(universe.assets)
    short = f"{source.provider.title} lists only {listed} of {options.top} assets"
    return Listing(universe, short if listed < options.top else None, TOP)


def _archived(options: Options, store: Store, mapping: Mapping, as_of: datetime) -> Listing:
    """The newest list that earlier runs kept, or of `--assets` what they knew of them."""
    if options.assets:
        ids = list(dict.fromkeys(mapping.canonical_of(asset_id) for asset_id in options.assets))
        lists = (next(archived(store, as_of, one), None) for one in (NAMED, TOP))
        rows = {asset.listed.id: asset.listed for one in lists if one for asset in one.assets}
        return Listing(choose_named(ids, rows.values(), mapping, as_of))
    universe = _refolded(newest(store, as_of, options.top), mapping, options.top)
    if universe is None:
        raise ConfigError(
            f"--offline, and no universe is archived in {store.url} at or before "
            f"{as_of:%Y-%m-%d %H:%MZ}: run once online, or name the assets with --assets"
        )
    listed = len(universe.assets)
    short = f"the archived universe has only {listed} of {options.top} assets"
    return Listing(universe, short if listed < options.top else None)


def _named(options: Options, source: Source, mapping: Mapping, as_of: datetime) -> Listing:
    ids = list(dict.fromkeys(mapping.canonical_of(asset_id) for asset_id in options.assets))
    try:
        universe = choose_named(ids, _rows(source, ids), mapping, as_of)
    except OverBudget:
        raise
    except FetchError as error:
        bare = choose_named(ids, [], mapping, as_of)
        return Listing(bare, f"no description of the assets: {error}")
    unknown = [asset.id for asset in universe.assets if asset.listed.name is None]
    lost = len(unknown) == len(ids)
    # an empty answer is the vendor's fault where the mapping knows one of them: no slip of the hand
    if lost and not any(asset_id in mapping.variants for asset_id in ids):
        raise ConfigError(
            f"--assets: {source.provider.title} knows none of {', '.join(unknown)}; give ids as in"
            " `datalake universe` or on a coin's page (API id), such as bitcoin"
        )
    trouble = f"{source.provider.title} does not list {', '.join(unknown)}" if unknown else None
    return Listing(universe, trouble, None if lost else NAMED)


def _refolded(universe: Universe | None, mapping: Mapping, top: int) -> Universe | None:
    """An archived list with the members of today's mapping: it is what the fold will use."""
    if universe is None:
        return None
    return choose([asset.listed for asset in universe.assets], mapping, top, universe.as_of)


def _of_that_day(store: Store, mapping: Mapping, as_of: datetime, top: int) -> Universe:
    universe = _refolded(newest(store, as_of, top), mapping, top)
    if universe is None or universe.as_of.date() != as_of.date():
        raise ConfigError(
            f"--as-of {as_of:%Y-%m-%d} is past and no universe of that day is archived; "
            "today's would be look-ahead: name the assets with --assets"
        )
    return universe


def _rows(source: Source, ids: list[str] | None):  # type: ignore[no-untyped-def]  # Iterator[Asset]
    """The provider's rows; an error of its own counts as an answer that did not come."""
    list_assets = source.provider.universe
    if list_assets is None:
        raise FetchError(f"{source.provider.title} lists no assets")
    try:
        yield from list_assets(ids, source.client)
    except (FetchError, KeyboardInterrupt, Stopped, GeneratorExit):
        raise
    except BaseException as error:
        raise FetchError(
            f"{source.provider.name} failed: {type(error).__name__}: {error}"
        ) from None
