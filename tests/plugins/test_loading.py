"""Plugins are foreign code: whatever one does, the others work and the culprit is named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from datalake import ConfigError
from datalake.plugins import Registry, load

GOOD = """
from datalake import Column, Dataset, Plan, Provider, Rate, Stamp, hookimpl

def fetch(native_id, window, client):
    return {"time": [], "fees": []}

@hookimpl
def register_providers():
    fees = Dataset(name="fees", columns={"fees": Column("USD", "fees paid")}, fetch=fetch,
                   stamp=Stamp.START)
    return [Provider(name="acme", title="Acme", datasets=[fees],
                     plans=[Plan("free", "https://api.acme.example", Rate(60))])]
"""

Install = Callable[..., None]


def only(name: str) -> Registry:
    """The registry of one plugin."""
    return load([name])


def test_an_installed_provider_appears(install: Install) -> None:
    """A package with the entry point is all that it takes."""
    install("acme_lake", GOOD, dist="acme-datalake")
    registry = load()
    assert "acme" in registry.providers
    plugin = next(plugin for plugin in registry.plugins if plugin.name == "acme_lake")
    assert (plugin.distribution, plugin.version, plugin.error) == ("acme-datalake", "1.2", None)


def test_the_built_in_providers_are_plugins_like_any_other() -> None:
    """They are found by entry point, and nothing else."""
    assert {"coingecko", "defillama", "lunarcrush"} <= set(load().providers)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("import acme_missing", "ModuleNotFoundError: No module named 'acme_missing'"),
        ("def broken(:\n", "SyntaxError"),
        ("class Stop(BaseException): pass\nraise Stop('now')", "Stop: now"),
    ],
)
def test_a_plugin_that_raises_on_import_costs_only_itself(
    install: Install, source: str, said: str
) -> None:
    """Its distribution, version and error are told; the other providers are there."""
    install("acme_broken", source, dist="acme-broken", version="0.3")
    registry = load()
    (broken,) = registry.broken
    assert str(broken) == "plugin acme_broken (acme-broken 0.3)"
    assert broken.error is not None
    assert said in broken.error
    assert "coingecko" in registry.providers


HOOK = "from datalake import hookimpl\n@hookimpl\ndef register_providers():\n    "


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (HOOK + "return ['acme']", "'acme', which is not a Provider"),
        (HOOK + "yield 1/0", "ZeroDivisionError"),
        (HOOK + "raise KeyError('x')", "KeyError"),
        (
            "from datalake import hookimpl\n@hookimpl\ndef register_provider():\n    return []",
            "register_provider",
        ),
        (
            "from datalake import hookimpl\n@hookimpl\ndef register_stores():\n    return {'x': 1}",
            "register_stores() gave 'x': 1, not a word and a function",
        ),
        (
            "from datalake import hookimpl\n@hookimpl\n"
            "def register_reducers():\n    return {'the mean': max}",
            "register_reducers() gave 'the mean': <built-in function max>, not a word and",
        ),
        (
            GOOD.replace('name="acme"', 'name="Acme Corp"'),
            "a provider's name is a lower-case word",
        ),
        (GOOD.replace("plans=[Plan(", "plans=[] and [Plan("), "one at least"),
    ],
)
def test_a_plugin_that_registers_nonsense_costs_only_itself(
    install: Install, source: str, said: str
) -> None:
    """What it registered, and why that is nothing, is told."""
    install("acme_nonsense", source)
    registry = load()
    (broken,) = registry.broken
    assert broken.error is not None
    assert said in broken.error
    assert "acme" not in registry.providers
    assert "coingecko" in registry.providers


def test_two_providers_of_one_name_are_both_refused(install: Install) -> None:
    """Neither is silently the right one, and each names the other."""
    install("acme_one", GOOD, dist="acme-one")
    install("acme_two", GOOD, dist="acme-two")
    registry = load()
    assert "acme" not in registry.providers
    errors = {plugin.name: plugin.error for plugin in registry.broken}
    assert "acme-two 1.2" in str(errors["acme_one"])
    assert "acme-one 1.2" in str(errors["acme_two"])
    assert "coingecko" in registry.providers


def test_only_allowed_plugins_are_imported(install: Install) -> None:
    """A plugin that is not on the list is not even imported."""
    install("acme_unwanted", "raise SystemExit('imported')")
    assert [plugin.name for plugin in only("coingecko").plugins] == ["coingecko"]
    assert load(()).plugins == []


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    """Both for plugins and for providers."""
    with pytest.raises(ConfigError, match="did you mean 'coingecko'"):
        only("coingeko")
    with pytest.raises(ConfigError, match="did you mean 'defillama'"):
        load().provider("defilama")


def test_a_broken_provider_asked_for_by_name_says_why(install: Install) -> None:
    """The reason is the answer, not 'unknown'."""
    install("acme_lost", "raise RuntimeError('no licence')")
    with pytest.raises(ConfigError, match="no licence"):
        load().provider("acme_lost")


def test_the_command_line_survives_a_broken_plugin(install: Install, tmp_path: Path) -> None:
    """`datalake providers list` names it and lists the others."""
    install("acme_broken", "raise RuntimeError('no licence')")
    done = subprocess.run(
        [sys.executable, "-c", "from datalake.cli import main; main()", "providers", "list"],
        env={"PYTHONPATH": str(tmp_path), "PATH": "", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "plugin acme_broken (acme_broken 1.2) is left out: RuntimeError" in done.stderr
    assert "coingecko" in done.stdout
