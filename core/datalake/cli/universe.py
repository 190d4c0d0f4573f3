"""`datalake universe`: the canonical assets that a run is about."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import click

from ..clock import now
from ..environment import read_environment
from ..errors import ConfigError
from ..running.archive import newest
from ..running.universe import Universe
from ..stores import open_store
from .output import format_option, print_rows
from .parsing import Instant
from .places import default_cache
from .plugins import load_plugins, plugin_options


@click.command("universe")
@click.option("--as-of", type=Instant(now), help="The archived one at or before this instant.")
@click.option("--top", type=click.IntRange(min=1), default=200, help="How many.  [default: 200]")
@click.option("--cache", help="The store that holds the archived universes.")
@click.option("--sandbox", is_flag=True, help="Of the sandbox's runs.")
@format_option
@plugin_options
def command(
    as_of: datetime | None,
    top: int,
    cache: str | None,
    sandbox: bool,
    form: str,
    plugins: tuple[str, ...] | None,
    no_plugins: bool,
) -> None:
    """Show the newest archived universe: the canonical assets of a run, largest first.

    Every run archives the list that it was made for, so this also answers which assets were the
    largest at an earlier time.

    \b
    Examples:
      datalake universe --sandbox --top 10
      datalake universe --as-of 2026-03-01 --format json
    """
    environment = read_environment(os.environ, Path(".env"))
    registry = load_plugins(plugins, no_plugins, environment)
    store = open_store(cache or default_cache(sandbox, environment), registry.stores)
    universe = newest(store, as_of or now(), top)
    if universe is None:
        raise ConfigError(
            f"no universe is archived in {store.url}"
            + (f" at or before {as_of:%Y-%m-%d %H:%MZ}" if as_of else "")
            + "; `datalake run` archives one each time"
        )
    print_rows(_rows(universe), form, f"Universe of {universe.as_of:%Y-%m-%d %H:%M} UTC")


def _rows(universe: Universe) -> list[dict[str, object]]:
    return [
        {
            "rank": asset.rank,
            "canonical_id": asset.id,
            "symbol": asset.listed.symbol,
            "name": asset.listed.name,
            "market_cap": asset.listed.market_cap,
            "members": list(asset.members),
        }
        for asset in universe.assets
    ]
