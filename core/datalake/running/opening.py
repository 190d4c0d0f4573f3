"""How a run begins, and its plan: the options are checked, then what both go by is opened."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from collections.abc import Mapping as MappingType
from contextlib import contextmanager
from datetime import datetime

from attrs import frozen

from datalake_aggregation import Mapping

from ..cache import AssetCache
from ..client import Retry
from ..client.budget import Budget
from ..lake import open_lake
from ..lake.origin import check_origin
from ..plugins import Registry
from ..stores import Store
from .fetching.lane import Lane, lanes
from .options import Options
from .planning.plan import check_datasets, check_refresh, check_sources, check_taking_part, wants
from .sources import Sources, sources
from .universe.assets import Universe
from .universe.mapping import MappingTexts, read_texts
from .vendors import Vendors, vendors


def checked(
    options: Options, registry: Registry, present: datetime
) -> tuple[MappingTexts, Mapping]:
    """The mapping by which a run goes. Raises ConfigError for a user's mistake."""
    options.check(present)
    check_datasets(options.datasets, registry)
    check_refresh(options.refresh, registry)
    texts = read_texts(options.mapping)
    mapping = texts.parse(registry.reducers)
    check_sources(mapping, registry)
    return texts, mapping


@frozen
class Opened:
    """The lake, the vendors with the sources that reach them, and the instant stood for."""

    store: Store
    world: Vendors
    sources: Sources
    as_of: datetime

    def lanes(
        self, options: Options, universe: Universe, mapping: Mapping, *, read_only: bool
    ) -> dict[str, Lane]:
        """What each provider is wanted for, of the assets of this universe."""
        taking_part = self.sources.taking_part
        wanted = wants(options, taking_part, universe, mapping, self.as_of)
        cache = AssetCache(self.store, clock=self.world.clock, read_only=read_only).survey()
        if options.offline and options.as_of:
            cache = cache.at(self.as_of)  # what was learnt later is none of that moment's business
        return lanes(wanted, taking_part, mapping.native_ids, cache, offline=options.offline)


@contextmanager
def opened(
    options: Options,
    registry: Registry,
    environment: MappingType[str, str],
    clock: Callable[[], datetime],
    stop: threading.Event,
    retry: Retry | None,
    budget: Budget,
) -> Iterator[Opened]:
    """All that a run with these options goes by, until the end of the block; no call is made.

    Raises ConfigError for a user's mistake.
    """
    store = open_lake(options.cache, registry, environment, options.mirror)
    with vendors(options, clock) as world:
        check_origin(store, world.origin)
        as_of = options.as_of or world.clock()
        with sources(registry, options, environment, world, stop, retry, budget) as members:
            check_taking_part(options.datasets, members)
            yield Opened(store, world, members, as_of)
