"""Looks whether all is well before a run: settings, plugins, plans, and the store by real work."""

from __future__ import annotations

import platform
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from attrs import frozen

from ._version import __version__
from .environment import VARIABLES
from .errors import ConfigError, Conflict, DatalakeError, ReadOnly, StoreError
from .plugins import Registry
from .publish.files import probe
from .running.sources import choose_plan
from .stores import ABSENT, Store

PREFIX = "doctor/v1/"
MASKED = "set (not shown)"


@frozen
class Finding:
    """One thing that was looked at. `note` is worth knowing and no fault."""

    what: str
    state: Literal["ok", "note", "wrong"]
    detail: str


def versions() -> Iterator[Finding]:
    """What is installed."""
    yield Finding("datalake", "ok", f"{__version__} on Python {platform.python_version()}")
    for package in ("pyarrow", "polars", "google-cloud-storage"):
        yield Finding(package, "ok", version(package))


def variables(
    registry: Registry, process: Mapping[str, str], environment: Mapping[str, str]
) -> Iterator[Finding]:
    """Each variable that this library reads: where its value comes from, never a key itself."""
    keys = [
        name
        for provider in registry.providers.values()
        for name in (*provider.variables(), f"{provider.name.upper()}_PLAN")
    ]
    for name in dict.fromkeys((*VARIABLES, *keys)):
        if name in environment:
            origin = "the environment" if process.get(name) else ".env"
            plain = name in VARIABLES or name.endswith("_PLAN")
            shown = environment[name] if plain else MASKED
            yield Finding(name, "ok", f"{shown}, from {origin}")


def plugins(registry: Registry, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Each plugin that is broken or did what none should, and each provider with the plan that the
    keys give."""
    for plugin in registry.plugins:
        if plugin.error:
            yield Finding(f"plugin {plugin.name}", "wrong", str(plugin.error))
        if plugin.notes:
            yield Finding(f"plugin {plugin.name}", "note", "; ".join(plugin.notes))
    for provider in registry.providers.values():
        try:
            plan = choose_plan(provider, environment)
        except ConfigError as error:
            told: Finding = Finding(provider.name, "note", f"left out of a run: {error}")
        else:
            told = Finding(provider.name, "ok", f"plan {plan.name}")
        yield told


def output(path: Path) -> Finding:
    """Whether the file that a run publishes can be written."""
    try:
        probe(path)
    except OSError as error:
        return Finding(
            "output",
            "wrong",
            f"{path} cannot be written ({error.strerror or error}): choose another --output",
        )
    return Finding("output", "ok", f"{path} can be written")


def store(one: Store) -> Iterator[Finding]:
    """Real work on the store, below its own prefix: read, write, refuse, list, delete."""
    yield Finding("cache", "ok", one.url)
    key = f"{PREFIX}{secrets.token_hex(8)}"
    steps: list[tuple[str, Callable[[], str]]] = [
        ("read", lambda: _read(one, key)),
        ("write", lambda: _write(one, key)),
        ("read back", lambda: _read_back(one, key)),
        ("conditional write", lambda: _refuse(one, key)),
        ("list", lambda: _list(one, key)),
        ("delete", lambda: _delete(one, key)),
    ]
    try:
        for name, step in steps:
            try:
                yield Finding(name, "ok", step())
            except ReadOnly as error:
                yield Finding(name, "note", f"runs reuse what is there and add nothing: {error}")
                return
            except DatalakeError as error:
                yield Finding(name, "wrong", str(error))
                return
    finally:
        with suppress(DatalakeError):
            one.delete(key)


def _read(one: Store, key: str) -> str:
    if one.get(key) is not None:
        raise StoreError(f"{key} is there, and nobody wrote it: this store makes things up")
    next(iter(one.list("series/v1/")), None)
    return "it can be read and listed"


def _write(one: Store, key: str) -> str:
    one.put(key, b"1", {"by": "doctor"}, if_generation=ABSENT)
    return "it can be written"


def _read_back(one: Store, key: str) -> str:
    found = one.get(key)
    if found is None or (found.data, dict(found.metadata)) != (b"1", {"by": "doctor"}):
        raise StoreError("what was written does not come back as it was: do not use this store")
    return "what was written comes back, metadata too"


def _refuse(one: Store, key: str) -> str:
    """Two writers would undo each other's work in a store that ignores conditions."""
    found = one.get(key)
    stale = found.generation if found else ABSENT
    one.put(key, b"2", {"by": "doctor"}, if_generation=stale)
    for generation in (ABSENT, stale):
        try:
            one.put(key, b"3", {}, if_generation=generation)
        except Conflict:
            continue
        raise StoreError(
            "a write was accepted although the object had changed: pipelines that share this"
            " store would lose each other's rows"
        )
    return "a write over somebody else's is refused"


def _list(one: Store, key: str) -> str:
    if [entry.key for entry in one.list(key)] != [key]:
        raise StoreError("what was written is not listed: a run would fetch it again")
    return "what was written is listed"


def _delete(one: Store, key: str) -> str:
    one.delete(key)
    if one.get(key) is not None:
        raise StoreError("what was deleted is still there")
    return "what was written is gone again"
