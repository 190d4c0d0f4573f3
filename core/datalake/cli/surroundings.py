"""What a command finds around it: the user's settings, keys and plugins, and where things lie."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
from attrs import frozen

from ..environment import read_environment
from ..lake import open_lake
from ..names import OUTPUT
from ..plugins import Registry
from ..publish import Place, open_place
from ..settings import Settings, read_settings
from ..stores import Store
from .places import SANDBOX, default_cache
from .plugin_options import load_plugins, plugin_options

F = TypeVar("F", bound=Callable[..., Any])


@frozen
class Surroundings:
    """The environment, settings and plugins of a command, and whether it is about the sandbox."""

    environment: Mapping[str, str]
    settings: Settings
    registry: Registry
    sandbox: bool

    def store(self, url: str | None) -> Store:
        """The cache of that address, else the usual one."""
        usual = default_cache(True, self.environment) if self.sandbox else self.settings.run.cache
        address = url or usual or default_cache(False, self.environment)
        return open_lake(address, self.registry, self.environment, self.settings.cache)

    def place(self, output: str | None) -> Place:
        """The output of that path or address, else the usual one."""
        usual = str(SANDBOX / OUTPUT) if self.sandbox else self.settings.run.output or OUTPUT
        return open_place(output or usual, self.registry.stores, self.environment)


def surroundings(of_sandbox: str) -> Callable[[F], F]:
    """`--sandbox`, whose help is given, and the plugins' options: the command gets `around`."""

    def decorate(function: F) -> F:
        @plugin_options
        @click.option("--sandbox", is_flag=True, help=of_sandbox)
        @wraps(function)
        def call(
            sandbox: bool, plugins: tuple[str, ...] | None, no_plugins: bool, **rest: Any
        ) -> Any:
            environment = read_environment(os.environ, Path(".env"))
            registry = load_plugins(plugins, no_plugins, environment)
            around = Surroundings(environment, read_settings(), registry, sandbox)
            return function(around=around, **rest)

        return call  # type: ignore[return-value]  # click adds the options that are taken here

    return decorate
