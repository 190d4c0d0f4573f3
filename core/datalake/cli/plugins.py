"""Loads the plugins that the user allows, and says once which ones are broken."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from attrs import evolve

from ..plugins import Registry, keys, load
from ..secrets import scrub
from .logs import say
from .parsing import Names

F = TypeVar("F", bound=Callable[..., Any])


def plugin_options(function: F) -> F:
    """`--plugins` and `--no-plugins`, for every command that uses plugins."""
    allow = click.option(
        "--plugins", type=Names(), help="Use only these plugins (also DATALAKE_PLUGINS)."
    )
    none = click.option("--no-plugins", is_flag=True, help="Use no plugin at all.")
    return allow(none(function))


def load_plugins(
    only: tuple[str, ...] | None, no_plugins: bool, environment: Mapping[str, str]
) -> Registry:
    """The allowed plugins; those that are broken are named on stderr and left out."""
    registry = find_plugins(only, no_plugins, environment)
    tell_broken(registry)
    return registry


def find_plugins(
    only: tuple[str, ...] | None, no_plugins: bool, environment: Mapping[str, str]
) -> Registry:
    """The allowed plugins, and nothing said of the broken ones yet."""
    if no_plugins:
        return load(())
    allowed = environment.get("DATALAKE_PLUGINS")
    if only is None and allowed is not None:
        only = tuple(name.strip() for name in allowed.split(",") if name.strip())
    return _scrubbed(load(only), environment)


def _scrubbed(registry: Registry, environment: Mapping[str, str]) -> Registry:
    """The registry, and no key in what a broken plugin complained of."""
    if not registry.broken:
        return registry
    secrets = keys(registry, environment)
    return Registry(
        [
            evolve(plugin, error=scrub(plugin.error, secrets)) if plugin.error else plugin
            for plugin in registry.plugins
        ]
    )


def tell_broken(registry: Registry) -> None:
    """Name on stderr the plugins that are left out, each with the reason."""
    for plugin in registry.broken:
        say(f"warning: {plugin} is left out: {plugin.error}", logging.WARNING)
