"""Loads the plugins that the user allows, and says once what is wrong with which ones."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
        "--plugins",
        type=Names(),
        help="Use only these plugins, or with -NAME all but that one (also DATALAKE_PLUGINS).",
    )
    none = click.option("--no-plugins", is_flag=True, help="Use no plugin at all.")
    return allow(none(function))


def load_plugins(
    only: tuple[str, ...] | None, no_plugins: bool, environment: Mapping[str, str]
) -> Registry:
    """The allowed plugins; those that are broken are named on stderr and left out."""
    registry = find_plugins(only, no_plugins, environment)
    tell(registry)
    return registry


def find_plugins(
    only: tuple[str, ...] | None, no_plugins: bool, environment: Mapping[str, str]
) -> Registry:
    """The allowed plugins, and nothing said of the broken ones yet."""
    allowed = environment.get("DATALAKE_PLUGINS")
    if only is None and allowed is not None:
        only = tuple(name.strip() for name in allowed.split(",") if name.strip())
    traced = environment.get("DATALAKE_TRACE_PLUGINS", "0") != "0"
    with _stdout_kept_clean():
        found = load(() if no_plugins else only, trace=_trace if traced else lambda line: None)
    return _scrubbed(found, environment)


def _trace(line: str) -> None:
    say(f"plugins: {line}", logging.WARNING)


@contextmanager
def _stdout_kept_clean() -> Iterator[None]:
    """What a plugin's libraries and programs write past Python, too, goes to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _scrubbed(registry: Registry, environment: Mapping[str, str]) -> Registry:
    """The registry, and no key in what is said of a plugin that misbehaved."""
    if not any(plugin.error or plugin.notes for plugin in registry.plugins):
        return registry
    secrets = keys(registry, environment)
    plugins = [
        evolve(
            plugin,
            error=scrub(plugin.error, secrets) if plugin.error else None,
            notes=[scrub(note, secrets) for note in plugin.notes],
        )
        for plugin in registry.plugins
    ]
    return evolve(registry, plugins=plugins)


def tell(registry: Registry) -> None:
    """Name on stderr the plugins that are left out, each with the reason, and those that did what
    no plugin should."""
    for plugin in registry.plugins:
        if plugin.error:
            say(f"warning: {plugin} is left out: {plugin.error}", logging.WARNING)
        if plugin.notes:
            say(f"warning: {plugin}: {'; '.join(plugin.notes)}", logging.WARNING)
