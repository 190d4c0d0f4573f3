"""Finds the installed plugins; one that is broken costs only itself, and is named."""

from __future__ import annotations

import importlib.metadata
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy
from attrs import evolve, field, frozen

from . import hookspecs
from .errors import ConfigError
from .models import Dataset, Plan, Provider
from .secrets import Secret
from .stores import Store
from .suggest import did_you_mean

if TYPE_CHECKING:
    from datalake_aggregation import Reducer

GROUP = "datalake"
#: A URL scheme, or the name of a reducer in a mapping.
NAME = re.compile(r"[a-z][a-z0-9+._-]*")
Opener = Callable[[str], Store]

log = logging.getLogger(__name__)


@frozen
class Plugin:
    """One installed plugin: where it comes from, what it brought, or why it could not be used."""

    name: str
    distribution: str
    version: str
    providers: Sequence[Provider] = ()
    stores: Mapping[str, Opener] = field(factory=dict)
    reducers: Mapping[str, Reducer] = field(factory=dict)
    error: str | None = None

    def __str__(self) -> str:
        return f"plugin {self.name} ({self.distribution} {self.version})"


@frozen
class Registry:
    """What the plugins brought, in order of their names."""

    plugins: Sequence[Plugin]

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


def load(only: Iterable[str] | None = None) -> Registry:
    """Import the installed plugins (or `only` those of these names) and collect what they bring.

    Never raises for a plugin's fault: the plugin's `error` says what is wrong with it.
    """
    entry_points = importlib.metadata.entry_points(group=GROUP)
    wanted = None if only is None else set(only)
    if wanted is not None:
        for name in sorted(wanted - {ep.name for ep in entry_points}):
            known = sorted(ep.name for ep in entry_points)
            raise ConfigError(f"there is no plugin {name!r}{did_you_mean(name, known)}")
    plugins = [
        _load(entry_point)
        for entry_point in sorted(entry_points, key=lambda ep: (ep.name, ep.value))
        if wanted is None or entry_point.name in wanted
    ]
    return Registry(_without_clashes(plugins))


def keys(registry: Registry, environment: Mapping[str, str]) -> list[Secret]:
    """The user's keys, of all providers. Raises ConfigError for a value that can be no key."""
    variables = {v for provider in registry.providers.values() for v in provider.variables()}
    return [Secret(environment[name], name) for name in sorted(variables) if environment.get(name)]


def _load(entry_point: importlib.metadata.EntryPoint) -> Plugin:
    dist = entry_point.dist
    plugin = Plugin(
        entry_point.name, dist.name if dist else "unknown", dist.version if dist else "?"
    )
    try:
        return _register(plugin, entry_point.load())
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # A plugin is foreign code: whatever it raises, SystemExit included, is its own fault.
        log.debug("%s could not be loaded", plugin, exc_info=True)
        return evolve(plugin, error=f"{type(error).__name__}: {error}")


def _register(plugin: Plugin, module: Any) -> Plugin:
    """Ask one module for its values through pluggy, alone, so that an error has one owner."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(module, name=plugin.name)
    manager.check_pending()
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
