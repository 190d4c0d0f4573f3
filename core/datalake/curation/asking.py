"""Asks a provider for its list of all coins, and adds it to the lake's record."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from ..clock import now
from ..lake.origin import check_origin, claim
from ..plugins import Registry
from ..running.options import Options
from ..running.sources import sources
from ..running.vendors import vendors
from ..settings import Settings
from ..stores import Store
from .catalogue import Catalogue, ask, keep, lister_of_coins


def ask_now(
    store: Store,
    registry: Registry,
    environment: Mapping[str, str],
    settings: Settings,
    *,
    sandbox: bool,
) -> Catalogue:
    """The list as it is now, from the live provider or the sandbox's.

    Raises FetchError where it does not come, ConfigError where the lake is another origin's.
    """
    name = lister_of_coins(registry)
    options = Options(
        cache=store.url, output=Path(), providers=[name], sandbox=sandbox, rates=settings.rates
    )
    with vendors(options, now) as world:
        check_origin(store, world.origin)
        with sources(registry, options, environment, world, threading.Event()) as members:
            catalogue = ask(members.taking_part[0])
        if claim(store, world.origin):
            keep(store, catalogue)
    return catalogue
