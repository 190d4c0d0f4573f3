"""`datalake universe`: the canonical assets that a run is about."""

from __future__ import annotations

from datetime import datetime

import click

from ..clock import now
from ..errors import ConfigError
from ..running.universe.archive import ADVICE, newest
from ..running.universe.assets import Universe
from .lakes import Lake, lake_options
from .output import print_rows
from .parsing import Instant


@click.command("universe")
@click.option("--as-of", type=Instant(now), help="The archived one at or before this instant.")
@click.option("--top", type=click.IntRange(min=1), default=200, help="How many.  [default: 200]")
@lake_options
def command(as_of: datetime | None, top: int, lake: Lake, form: str) -> None:
    """Show the newest archived universe: the canonical assets of a run, largest first.

    Every run archives the list that it was made for, so this also answers which assets were the
    largest at an earlier time.

    \b
    Examples:
      datalake universe --sandbox --top 10
      datalake universe --as-of 2026-03-01 --format json
    """
    universe = newest(lake.store, as_of or now(), top)
    if universe is None:
        raise ConfigError(
            f"no universe is archived in {lake.store.url}"
            + (f" at or before {as_of:%Y-%m-%d %H:%MZ}" if as_of else "")
            + f"; {ADVICE}"
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
