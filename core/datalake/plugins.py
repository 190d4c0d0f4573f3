"""Finds the installed plugins; one that is broken costs only itself, and is named."""

from __future__ import annotations

import importlib.metadata
import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import pluggy
from attrs import evolve, field, frozen

from . import hookspecs
from .errors import ConfigError
from .isolation import PATIENCE, watched
from .models import Dataset, Plan, Provider
from .secrets import Secret
from .stores import Store
from .suggest import did_you_mean

if TYPE_CHECKING:
    from datalake_aggregation import Reducer

GROUP = "datalake"
#: The distribution that this module is part of.
OURS = "crypto-datalake"
#: A URL scheme, or the name of a reducer in a mapping.
NAME = re.compile(r"[a-z][a-z0-9+._-]*")
Opener = Callable[[str], Store]

log = logging.getLogger(__name__)


@frozen
class Plugin:
    """One installed plugin: where it comes from, what it brought, or why it could not be used.

    `hooks` are those that it implements; to load it took `seconds`, without what others had loaded
    before. `notes` say what it did meanwhile that a plugin should not.
    """

    name: str
    distribution: str
    version: str
    providers: Sequence[Provider] = ()
    stores: Mapping[str, Opener] = field(factory=dict)
    reducers: Mapping[str, Reducer] = field(factory=dict)
    error: str | None = None
    hooks: Sequence[str] = ()
    seconds: float = 0.0
    notes: Sequence[str] = ()

    def __str__(self) -> str:
        return f"plugin {self.name} ({self.distribution} {self.version})"


@frozen
class Registry:
    """What the plugins brought, in order of their names. `skipped` are those that a list of the
    user's leaves out."""

    plugins: Sequence[Plugin]
    skipped: Sequence[Plugin] = ()

    @property
    def broken(self) -> list[Plugin]:
        """The plugins that could not be used."""
        return [plugin for plugin in self.plugins if plugin.error]

    @property
    def providers(self) -> dict[str, Provider]:
        """The providers by name."""
        found = [provider for plugin in self.plugins for provider in plugin.providers]
        return {provider.name: provider for provider in sorted(found, key=lambda p: p.name)}

    @property
    def stores(self) -> dict[str, Opener]:
        """The openers of stores by URL scheme."""
        return {
            scheme: opener for plugin in self.plugins for scheme, opener in plugin.stores.items()
        }

    @property
    def reducers(self) -> dict[str, Reducer]:
        """The reducers that a mapping may name."""
        return {
            name: reducer for plugin in self.plugins for name, reducer in plugin.reducers.items()
        }

    def provider(self, name: str) -> Provider:
        """The provider of that name; ConfigError with the nearest name where there is none."""
        known = self.providers
        if name in known:
            return known[name]
        for plugin in self.broken:
            if plugin.name == name:
                raise ConfigError(f"provider {name!r} is not available: {plugin}: {plugin.error}")
        raise ConfigError(f"there is no provider {name!r}{did_you_mean(name, known)}")

    def dataset(self, provider: str, name: str) -> Dataset | None:
        """The dataset of these names, where an installed plugin offers it."""
        try:
            return self.providers[provider].dataset(name)
        except KeyError:
            return None


def load(
    only: Iterable[str] | None = None,
    *,
    trace: Callable[[str], None] = lambda line: None,
    patience: float = PATIENCE,
) -> Registry:
    """Import the installed plugins and collect what they bring: all of them, or `only` those of
    these names; a name with a dash before it (`-acme`) is left out instead.

    Never raises for a plugin's fault: the plugin's `error` says what is wrong with it, its `notes`
    what it did to the process. `trace` is told each step. One that loads for longer than
    `patience`, in seconds, is named in a warning. Raises ConfigError for a name that no plugin has.
    """
    found = sorted(importlib.metadata.entry_points(group=GROUP), key=lambda ep: (ep.name, ep.value))
    names = [entry_point.name for entry_point in found]
    wanted = _wanted(names, only)
    plugins = [_load(one, trace, patience) for one in found if one.name in wanted]
    skipped = [_plugin(one) for one in found if one.name not in wanted]
    return Registry(_without_clashes(plugins), skipped)


def _wanted(names: Sequence[str], only: Iterable[str] | None) -> set[str]:
    """Of the installed plugins those that may be loaded."""
    if only is None:
        return set(names)
    listed = list(only)
    denied = {name[1:] for name in listed if name.startswith("-")}
    allowed = {name for name in listed if not name.startswith("-")}
    for name in sorted(allowed - {*names}):
        raise ConfigError(f"there is no plugin {name!r}{did_you_mean(name, names)}")
    for name in sorted(denied - {*names}):
        # it may be installed on another machine that has the same settings
        log.warning("the plugin %r is to be left out, and is not installed", name)
    return (allowed if allowed or not denied else {*names}) - denied


def keys(registry: Registry, environment: Mapping[str, str]) -> list[Secret]:
    """The user's keys, of all providers. Raises ConfigError for a value that can be no key."""
    variables = {v for provider in registry.providers.values() for v in provider.variables()}
    return [Secret(environment[name], name) for name in sorted(variables) if environment.get(name)]


def _plugin(entry_point: importlib.metadata.EntryPoint) -> Plugin:
    dist = entry_point.dist
    return Plugin(entry_point.name, dist.name if dist else "unknown", dist.version if dist else "?")


def _load(
    entry_point: importlib.metadata.EntryPoint, trace: Callable[[str], None], patience: float
) -> Plugin:
    plugin = _plugin(entry_point)
    hint = f"DATALAKE_PLUGINS=-{plugin.name} leaves it out"
    # our own are not foreign code, and what watching costs is not theirs to pay
    ours = plugin.distribution == OURS
    watch: AbstractContextManager[list[str]] = (
        nullcontext([]) if ours else watched(str(plugin), hint, patience)
    )
    trace(f"{plugin}: import {entry_point.value}")
    with watch as notes:
        started = time.perf_counter()
        plugin = _registered(plugin, entry_point, trace)
        seconds = time.perf_counter() - started
    trace(f"{plugin}: {'broken' if plugin.error else 'ready'} after {seconds * 1e3:.0f} ms")
    return evolve(plugin, seconds=seconds, notes=tuple(notes))


def _registered(
    plugin: Plugin, entry_point: importlib.metadata.EntryPoint, trace: Callable[[str], None]
) -> Plugin:
    try:
        return _register(plugin, entry_point.load(), trace)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # A plugin is foreign code: whatever it raises, SystemExit included, is its own fault.
        log.debug("%s could not be loaded", plugin, exc_info=True)
        return evolve(plugin, error=f"{type(error).__name__}: {error}")


def _register(plugin: Plugin, module: Any, trace: Callable[[str], None]) -> Plugin:
    """Ask one module for its values through pluggy, alone, so that an error has one owner."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(module, name=plugin.name)
    manager.check_pending()
    plugin = evolve(plugin, hooks=[one.name for one in manager.get_hookcallers(module) or ()])
    manager.add_hookcall_monitoring(
        lambda hook, implementations, given: (
            trace(f"{plugin}: {hook}()") if implementations else None
        ),
        lambda outcome, hook, implementations, given: None,
    )
    providers = [p for found in manager.hook.register_providers() for p in found]
    stores = _named(manager.hook.register_stores(), "register_stores")
    reducers = _named(manager.hook.register_reducers(), "register_reducers")
    for provider in providers:
        _check(provider)
    return evolve(plugin, providers=providers, stores=stores, reducers=reducers)


def _named(answers: Iterable[Mapping[str, Any]], hook: str) -> dict[str, Any]:
    """What a hook that registers functions by name gave."""
    named = {name: function for found in answers for name, function in found.items()}
    for name, function in named.items():
        if not isinstance(name, str) or not NAME.fullmatch(name) or not callable(function):
            raise TypeError(f"{hook}() gave {name!r}: {function!r}, not a word and a function")
    return named


def _check(provider: object) -> None:
    if not isinstance(provider, Provider):
        raise TypeError(f"register_providers() gave {provider!r}, which is not a Provider")
    if not provider.name.isidentifier() or not provider.name.islower():
        raise ValueError(f"a provider's name is a lower-case word, not {provider.name!r}")
    if not provider.plans or not all(isinstance(plan, Plan) for plan in provider.plans):
        raise TypeError(f"provider {provider.name}: plans must be Plan values, one at least")
    for dataset in provider.datasets:
        if not isinstance(dataset, Dataset):
            raise TypeError(f"provider {provider.name}: {dataset!r} is not a Dataset")


def _without_clashes(plugins: Sequence[Plugin]) -> list[Plugin]:
    """Two plugins that bring one name are both refused: neither is the right one."""
    names = Counter(key for plugin in plugins for key in _claims(plugin))
    return [
        evolve(plugin, providers=(), stores={}, reducers={}, error=_clash(plugin, clashes, plugins))
        if (clashes := [key for key in _claims(plugin) if names[key] > 1])
        else plugin
        for plugin in plugins
    ]


def _claims(plugin: Plugin) -> list[str]:
    return [
        *(f"provider {p.name!r}" for p in plugin.providers),
        *(f"store scheme {scheme!r}" for scheme in plugin.stores),
        *(f"reducer {name!r}" for name in plugin.reducers),
    ]


def _clash(plugin: Plugin, clashes: Sequence[str], plugins: Sequence[Plugin]) -> str:
    others = [str(p) for p in plugins if p is not plugin and set(clashes) & set(_claims(p))]
    rivals = " and ".join(others) or "itself, twice"
    return f"{', '.join(dict.fromkeys(clashes))} is also brought by {rivals}: uninstall one"
