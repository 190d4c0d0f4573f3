"""The options by which a command is told which lake it is about."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
from attrs import frozen

from ..environment import read_environment
from ..errors import ConfigError, StoreError
from ..lake import open_lake
from ..plugins import Registry
from ..settings import read_settings
from ..stores import Store
from .output import format_option
from .places import default_cache
from .plugins import load_plugins, plugin_options

F = TypeVar("F", bound=Callable[..., Any])


@frozen
class Lake:
    """The store that a command is about, and what may be known of it."""

    store: Store
    registry: Registry
    environment: Mapping[str, str]
    sandbox: bool = False


def lake_options(function: F) -> F:
    """`--format`, and what `store_options` has."""
    return format_option(store_options(function))


def store_options(function: F) -> F:
    """`--cache`, `--sandbox` and the plugins': the command gets a Lake instead."""

    @plugin_options
    @click.option("--sandbox", is_flag=True, help="The sandbox's cache.")
    @click.option("--cache", metavar="URL", help="Which cache: a folder, gs://bucket/prefix, …")
    @wraps(function)
    def call(
        cache: str | None,
        sandbox: bool,
        plugins: tuple[str, ...] | None,
        no_plugins: bool,
        **rest: Any,
    ) -> Any:
        environment = read_environment(os.environ, Path(".env"))
        registry = load_plugins(plugins, no_plugins, environment)
        settings = read_settings()
        usual = default_cache(True, environment) if sandbox else settings.run.cache
        url = cache or usual or default_cache(False, environment)
        store = open_lake(url, registry, environment, settings.cache)
        try:
            return function(lake=Lake(store, registry, environment, sandbox), **rest)
        except StoreError as error:
            raise ConfigError(f"the cache cannot be used: {error}") from error

    return call  # type: ignore[return-value]  # click adds the options that are taken here
