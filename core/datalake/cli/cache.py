"""`datalake cache`: what lies in the shared cache, and why a run would use it or not."""

from __future__ import annotations

from typing import Any

import click
from attrs import asdict, evolve

from ..cache import AssetCache, Found, Miss, SeriesKey, decide
from ..cache.rows import OBSERVED
from ..clock import now
from ..errors import ConfigError
from ..lake.inventory import Group, Item, groups, matching, parse_name, series_name, take
from ..models import DAY, Dataset, Window
from ..running.sources import choose_plan
from ..stores import Store
from ..suggest import did_you_mean
from .lakes import Lake, lake_options
from .numbers import size
from .output import print_json, print_rows

#: Rows at the end of a series that `show` prints.
LAST_ROWS = 5


@click.group("cache")
def command() -> None:
    """Inspect and look after the shared cache.

    A series is named as provider.dataset/asset: coingecko.market/bitcoin.
    """


@command.command("stats")
@lake_options
def stats(lake: Lake, form: str) -> None:
    """Show what lies there, by dataset, and the calls that it saved.

    \b
    Examples:
      datalake cache stats
      datalake cache stats --cache gs://bucket/prefix --format json
    """
    items = list(take(lake.store))
    found = groups(items)
    saved = sum(_count(item, "cache_hits") for item in items if item.kind == "report")
    made = sum(_count(item, "calls") for item in items if item.kind == "report")
    others = {
        f"{kind}{'s' if kind != 'foreign' else ' objects'}": _weigh(items, kind)
        for kind in ("revision", "report", "record", "log", "mapping", "foreign")
    } | {"universes": _weigh(items, "universe"), "rejected answers": _weigh(items, "quarantine")}
    if form == "json":
        figures = {"url": lake.store.url, "calls_made": made, "calls_saved": saved}
        datasets = [asdict(group) for group in found]
        print_json({**figures, "datasets": datasets, "others": others})
        return
    print_rows([_group_row(group) for group in found], form, f"Cache {lake.store.url}")
    for name, weight in sorted(others.items()):
        if weight["objects"]:
            click.echo(f"{name}: {weight['objects']:,} ({size(weight['bytes'])})")
    click.echo(f"{made:,} calls made and {saved:,} saved, as the kept run reports tell")


@command.command("ls")
@click.argument("pattern", nargs=-1)
@lake_options
def ls(pattern: tuple[str, ...], lake: Lake, form: str) -> None:
    """List the series, or those that a PATTERN fits.

    \b
    Examples:
      datalake cache ls
      datalake cache ls 'coingecko.*/bitcoin' '*/wrapped-*'
    """
    print_rows([_series_row(item) for item in matching(take(lake.store), pattern)], form)


@command.command("show")
@click.argument("name")
@lake_options
def show(name: str, lake: Lake, form: str) -> None:
    """Show one series: what it covers, who wrote it, its last rows, what was revised.

    \b
    Examples:
      datalake cache show coingecko.market/bitcoin
      datalake cache show coingecko.market/bitcoin --format json
    """
    key = _key(name)
    dataset = _dataset(lake, key)
    entry = next((one for one in lake.store.list(key.path) if one.key == key.path), None)
    if entry is None:
        raise ConfigError(f"{series_name(key)} is not in {lake.store.url}{_hint(lake, key)}")
    found = AssetCache(lake.store, clock=now).find(key, dataset)
    facts: dict[str, Any] = {
        "series": series_name(key),
        "object": key.path,
        "bytes": entry.size,
        "generation": entry.generation,
        "updated": entry.updated.isoformat(),
        **{name: value for name, value in entry.metadata.items() if name != "series"},
        "state": found.reason if isinstance(found, Miss) else "whole",
    }
    revised = _revisions(lake.store, key)
    if form == "json":
        last = _last_rows(found) if isinstance(found, Found) else []
        print_json({**facts, "revisions": revised, "last_rows": last})
        return
    print_rows([{"what": name, "value": value} for name, value in facts.items()], form)
    if isinstance(found, Found):
        print_rows(_last_rows(found), form, "Last rows")
    if revised:
        print_rows(revised, form, "What revisions replaced")


@command.command("why")
@click.argument("asset")
@click.argument("dataset")
@lake_options
def why(asset: str, dataset: str, lake: Lake, form: str) -> None:
    """Say whether a run would now use the cached series of an ASSET, or what it would ask for.

    DATASET is named as provider.dataset. Nothing is asked of the provider: its own name for the
    asset is taken to be the cached one.

    \b
    Examples:
      datalake cache why bitcoin coingecko.market
    """
    key = _key(f"{dataset}/{asset}")
    declared = _dataset(lake, key)
    provider = lake.around.registry.provider(key.provider)
    try:
        plan = choose_plan(provider, lake.around.environment)
    except ConfigError:
        plan = provider.plans[0]
    key = evolve(key, dataset=declared.kept_as(plan)) if key.dataset == declared.name else key
    moment = now()
    reachable = Window(
        declared.earliest(plan, moment.date()), declared.closed_through(moment) + DAY
    )
    found = AssetCache(lake.store, clock=now).find(key, declared)
    decision = decide(found, declared, reachable, reachable, moment)
    row: dict[str, Any] = {
        "series": series_name(key),
        "hit": decision.hit,
        "reason": decision.reason,
        "would_ask_from": decision.window.start if decision.window else None,
        "would_ask_through": decision.window.last if decision.window else None,
        "wanted_from": reachable.start,
        "wanted_through": reachable.last,
        "plan": plan.name,
    }
    if form == "json":
        print_json(row)
    else:
        print_rows([{"what": name.replace("_", " "), "value": row[name]} for name in row], form)


def _key(name: str) -> SeriesKey:
    key = parse_name(name)
    if key is None:
        raise ConfigError(f"{name!r} names no series: write provider.dataset/asset")
    return key


def _dataset(lake: Lake, key: SeriesKey) -> Dataset:
    found = lake.around.registry.dataset(key.provider, key.dataset)
    if found is None:
        known = [
            f"{provider.name}.{dataset.name}"
            for provider in lake.around.registry.providers.values()
            for dataset in provider.datasets
        ]
        name = f"{key.provider}.{key.dataset}"
        raise ConfigError(f"there is no dataset {name!r}{did_you_mean(name, known)}")
    return found


def _hint(lake: Lake, key: SeriesKey) -> str:
    folder = key.path.rpartition("asset=")[0]
    known = [item.series.asset for item in take(lake.store, folder) if item.series]
    return did_you_mean(key.asset, known)


def _revisions(store: Store, key: SeriesKey) -> list[dict[str, Any]]:
    import io

    import polars as pl

    rows = []
    for entry in store.list(f"{key.revisions}/"):
        stored = store.get(entry.key, known=entry)
        try:
            frame = pl.read_parquet(io.BytesIO(stored.data if stored else b""))
        except (pl.exceptions.PolarsError, OSError):
            continue
        moment = entry.updated.isoformat(timespec="seconds")
        rows += [{"replaced_at": moment, **row} for row in frame.to_dicts()]
    return rows


def _last_rows(found: Found) -> list[dict[str, Any]]:
    last = found.table.slice(max(0, len(found.table) - LAST_ROWS))
    rows: list[dict[str, Any]] = last.to_pylist()
    return [{**row, OBSERVED: row[OBSERVED].isoformat(timespec="seconds")} for row in rows]


def _group_row(group: Group) -> dict[str, Any]:
    return {
        "provider": group.provider,
        "dataset": group.dataset,
        "series": group.series,
        "size": size(group.bytes),
        "rows": f"{group.rows:,}",
        "first_day": group.first,
        "last_day": group.through,
        "last_asked": (group.checked or "")[:16] or None,
        "oldest": f"{group.oldest:%Y-%m-%d}",
        "newest": f"{group.newest:%Y-%m-%d}",
    }


def _series_row(item: Item) -> dict[str, Any]:
    facts = item.entry.metadata
    return {
        "series": item.name,
        "first_day": facts.get("start"),
        "last_day": facts.get("complete_through"),
        "rows": facts.get("rows"),
        "bytes": item.entry.size,
        "last_asked": facts.get("checked_at", "")[:16] or None,
        "writer": facts.get("writer"),
    }


def _count(item: Item, name: str) -> int:
    told = item.entry.metadata.get(name, "")
    return int(told) if told.isdigit() else 0


def _weigh(items: list[Item], kind: str) -> dict[str, int]:
    sizes = [item.entry.size for item in items if item.kind == kind]
    return {"objects": len(sizes), "bytes": sum(sizes)}


from . import cache_care  # noqa: E402, F401  # its commands join the group
