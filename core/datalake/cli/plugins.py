"""`datalake plugins`: what is installed, what it brings, and what is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from ..environment import read_environment
from ..plugins import Plugin
from .output import format_option, print_json, print_rows
from .plugin_options import find_plugins, plugin_options


@click.group("plugins")
def command() -> None:
    """List the installed plugins."""


@command.command("list")
@format_option
@plugin_options
def list_(form: str, plugins: tuple[str, ...] | None, no_plugins: bool) -> None:
    """List the installed plugins: what each brings, how long it took to load, and its state.

    Ready; odd, if it did something while it was loaded that no plugin should; broken, and then left
    out; or not allowed, by --plugins or DATALAKE_PLUGINS. DATALAKE_TRACE_PLUGINS=1 tells each step.

    \b
    Examples:
      datalake plugins list
      datalake plugins list --format json
      datalake plugins list --plugins -lunarcrush
    """
    registry = find_plugins(plugins, no_plugins, read_environment(os.environ, Path(".env")))
    rows = [_row(plugin, _state(plugin)) for plugin in registry.plugins]
    rows += [_row(plugin, "not allowed") for plugin in registry.skipped]
    rows.sort(key=lambda row: str(row["name"]))
    if form == "json":
        print_json(rows)
    else:
        print_rows([_short(row) for row in rows], form, "Plugins")


def _state(plugin: Plugin) -> str:
    return "broken" if plugin.error else "odd" if plugin.notes else "ready"


def _row(plugin: Plugin, state: str) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "hooks": list(plugin.hooks),
        "brings": [
            *(f"provider {provider.name}" for provider in plugin.providers),
            *(f"store {scheme}:" for scheme in plugin.stores),
            *(f"reducer {name}" for name in plugin.reducers),
        ],
        "seconds": round(plugin.seconds, 4),
        "state": state,
        "error": plugin.error,
        "notes": list(plugin.notes),
    }


def _short(row: dict[str, Any]) -> dict[str, Any]:
    told = "; ".join(filter(None, [row["error"], *row["notes"]]))
    return {
        "name": row["name"],
        "distribution": f"{row['distribution']} {row['version']}",
        "hooks": row["hooks"],
        "brings": row["brings"],
        "loaded_in": "—" if row["state"] == "not allowed" else f"{row['seconds'] * 1e3:.0f} ms",
        "state": f"{row['state']}: {told}" if told else row["state"],
    }
