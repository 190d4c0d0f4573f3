"""The options by which a command is told which lake it is about."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click
from attrs import frozen

from ..errors import ConfigError, StoreError
from ..stores import Store
from .output import format_option
from .surroundings import Surroundings, surroundings

F = TypeVar("F", bound=Callable[..., Any])


@frozen
class Lake:
    """The store that a command is about, and what is around it."""

    store: Store
    around: Surroundings


def lake_options(function: F) -> F:
    """`--format`, and what `store_options` has."""
    return format_option(store_options(function))


def store_options(function: F) -> F:
    """`--cache`, `--sandbox` and the plugins': the command gets a Lake instead."""

    @surroundings("The sandbox's cache.")
    @click.option("--cache", metavar="URL", help="Which cache: a folder, gs://bucket/prefix, …")
    @wraps(function)
    def call(cache: str | None, around: Surroundings, **rest: Any) -> Any:
        store = around.store(cache)
        try:
            return function(lake=Lake(store, around), **rest)
        except StoreError as error:
            raise ConfigError(f"the cache cannot be used: {error}") from error

    return call  # type: ignore[return-value]  # click adds the options that are taken here
