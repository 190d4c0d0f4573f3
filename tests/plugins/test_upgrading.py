"""Plugins of one version meet the hooks of another."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pluggy
import pytest

from datalake import Provider, hookspecs
from datalake.plugins import GROUP, load

from .test_loading import GOOD, HOOK

Install = Callable[..., None]

ALL = (
    GOOD
    + """
@hookimpl
def register_stores():
    return {"acme": print}

@hookimpl
def register_reducers():
    return {"acme": max}
"""
)


def with_one_more(hook: Any) -> Any:
    """The same specification, as a later version might write it: with an argument more."""
    assert not inspect.signature(hook).parameters

    def later(settings: Any) -> None:
        """A hook that tells plugins of the settings."""

    later.__name__ = hook.__name__
    return hookspecs.hookspec(later)


def test_a_plugin_of_today_loads_when_hooks_gain_an_argument() -> None:
    """Each hook, whatever it is for: pluggy gives an implementation what it names, and no more."""
    names = [name for name, value in vars(hookspecs).items() if hasattr(value, "datalake_spec")]
    later = SimpleNamespace(**{name: with_one_more(getattr(hookspecs, name)) for name in names})
    module = SimpleNamespace()
    exec(ALL, vars(module))
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(later)
    manager.register(module, name="acme")
    manager.check_pending()
    given = {name: getattr(manager.hook, name)(settings={"top": 3}) for name in names}
    assert [type(one) for found in given["register_providers"] for one in found] == [Provider]
    assert given["register_stores"] == [{"acme": print}]
    assert given["register_reducers"] == [{"acme": max}]


@pytest.mark.parametrize("name", ["coingecko", "defillama", "lunarcrush"])
def test_a_plugin_of_tomorrow_is_named_by_todays_datalake(install: Install, name: str) -> None:
    """It asks for an argument that nobody gives: that is its error, and the others work."""
    install("acme_later", HOOK.replace("providers()", "providers(settings)") + "return []")
    registry = load()
    (broken,) = registry.broken
    assert broken.error is not None
    assert "settings" in broken.error
    assert name in registry.providers
