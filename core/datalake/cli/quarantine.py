"""`datalake quarantine`: what was not let into the cache, and why."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import click
from attrs import asdict

from ..cache.rejected import QUARANTINE
from ..errors import ConfigError
from ..lake.inventory import parse_name, take
from ..lake.quarantine import Kept, kept, rows
from ..suggest import did_you_mean
from .lakes import Lake, lake_options
from .output import print_json, print_rows


@click.group("quarantine")
def command() -> None:
    """Look at what was not let into the cache, and why.

    Values beyond the limits of their column, and answers that were not as their dataset promises.
    A series is named as provider.dataset/asset: coingecko.market/bitcoin.
    """


@command.command("list")
@click.argument("pattern", nargs=-1)
@lake_options
def list_(pattern: tuple[str, ...], lake: Lake, form: str) -> None:
    """List the answers of which something was rejected, or those whose series a PATTERN fits.

    \b
    Examples:
      datalake quarantine list
      datalake quarantine list 'lunarcrush.*/*' --format json
    """
    found = [one for one in _found(lake) if _fits(one, pattern)]
    if form == "json":
        print_json([asdict(one) for one in found])
        return
    if not found:
        click.echo(f"nothing was rejected in {lake.store.url}", err=True)
        return
    told = [asdict(one) for one in found]
    print_rows([{k: v for k, v in row.items() if k != "object"} for row in told], form)


@command.command("show")
@click.argument("name")
@lake_options
def show(name: str, lake: Lake, form: str) -> None:
    """Show what was rejected of the series NAME, value by value.

    \b
    Examples:
      datalake quarantine show lunarcrush.social/bitcoin
    """
    key = parse_name(name)
    if key is None:
        raise ConfigError(f"{name!r} names no series: write provider.dataset/asset")
    found = list(rows(lake.store, key))
    if not found:
        known = {one.series for one in _found(lake)}
        raise ConfigError(f"nothing of {name} was rejected{did_you_mean(name, sorted(known))}")
    print_rows(found, form, name)


def _found(lake: Lake) -> list[Kept]:
    """All that is kept, the newest first."""
    items = take(lake.store, QUARANTINE)
    found = [kept(item.entry, item.series) for item in items if item.series]
    return sorted(found, key=lambda one: (one.observed_at, one.series), reverse=True)


def _fits(one: Kept, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(one.series, pattern) for pattern in patterns)
