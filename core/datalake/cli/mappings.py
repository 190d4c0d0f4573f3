"""The options by which a command is told which mapping it is to go by."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from datalake_aggregation import Mapping, MappingError, load_mapping

from ..environment import read_environment
from ..errors import ConfigError
from ..plugins import Registry
from ..settings import read_settings
from .plugin_options import load_plugins, plugin_options

F = TypeVar("F", bound=Callable[..., Any])

mapping_option = click.option(
    "--mapping",
    "file",
    type=click.Path(path_type=Path),
    help="YAML over the shipped mapping.  [default: run.mapping of datalake.toml]",
)


def usual_mapping(file: Path | None, registry: Registry) -> Mapping:
    """The mapping that a run would use: the shipped one with the user's file over it."""
    named = read_settings().run.mapping
    return read_mapping(file or (Path(named) if named else None), registry)


def read_mapping(file: Path | None, registry: Registry) -> Mapping:
    """The shipped mapping with that file over it; a mistake in it is a ConfigError."""
    try:
        return load_mapping(file, reducers=registry.reducers)
    except MappingError as error:
        raise ConfigError(str(error)) from error


def mapping_options(function: F) -> F:
    """`--mapping` and the plugins', whose reducers it may name: the command gets a Mapping."""

    @mapping_option
    @plugin_options
    @wraps(function)
    def call(
        file: Path | None, plugins: tuple[str, ...] | None, no_plugins: bool, **rest: Any
    ) -> Any:
        environment = read_environment(os.environ, Path(".env"))
        registry = load_plugins(plugins, no_plugins, environment)
        return function(mapping=usual_mapping(file, registry), **rest)

    return call  # type: ignore[return-value]  # click adds the options that are taken here
