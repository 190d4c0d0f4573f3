"""`datalake providers`: which providers are installed, and what each offers."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ..environment import read_environment
from ..errors import ConfigError
from ..models import Dataset, Plan, Provider
from ..plugins import Plugin, Registry
from ..running.sources import choose_plan, key_of
from .output import format_option, print_rows
from .plugin_options import load_plugins, plugin_options
from .providers_check import check
from .providers_new import new
from .providers_test import test


@click.group("providers")
def command() -> None:
    """List, show, check, test and begin providers."""


@command.command("list")
@format_option
@plugin_options
def list_(form: str, plugins: tuple[str, ...] | None, no_plugins: bool) -> None:
    """List the installed providers, with the plan that your keys give."""
    environment = read_environment(os.environ, Path(".env"))
    registry = load_plugins(plugins, no_plugins, environment)
    rows = [_row(plugin, p, environment) for plugin in registry.plugins for p in plugin.providers]
    broken = [_broken(plugin) for plugin in registry.broken]
    print_rows([*rows, *broken], form, "Providers")


def _row(plugin: Plugin, provider: Provider, environment: Mapping[str, str]) -> dict[str, Any]:
    plan, state = _state(provider, environment)
    return {
        "name": provider.name,
        "datasets": [dataset.name for dataset in provider.datasets],
        "plan": plan.name if plan else None,
        "state": state,
        "distribution": f"{plugin.distribution} {plugin.version}",
    }


def _broken(plugin: Plugin) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "datasets": [],
        "plan": None,
        "state": f"broken: {plugin.error}",
        "distribution": f"{plugin.distribution} {plugin.version}",
    }


def _state(provider: Provider, environment: Mapping[str, str]) -> tuple[Plan | None, str]:
    try:
        plan = choose_plan(provider, environment)
        key_of(plan, environment)
        return plan, "ready"
    except ConfigError as error:
        return None, str(error)


@command.command("show")
@click.argument("name")
@format_option
@plugin_options
def show(name: str, form: str, plugins: tuple[str, ...] | None, no_plugins: bool) -> None:
    """Show one provider: its datasets, columns, plans, limits and keys."""
    environment = read_environment(os.environ, Path(".env"))
    registry = load_plugins(plugins, no_plugins, environment)
    provider = registry.provider(name)
    described = _described(registry, provider, environment)
    if form == "json":
        click.echo(json.dumps(described, indent=2, ensure_ascii=False))
        return
    click.echo(f"{provider.title} ({described['distribution']}): {described['state']}")
    if provider.keys_url:
        click.echo(f"Keys: {provider.keys_url}")
    print_rows(described["plans"], form, "Plans")
    for dataset in described["datasets"]:
        click.echo(
            f"\n{provider.name}.{dataset['name']}: stamped with the {dataset['stamp']}; "
            f"from {dataset['since']}; a day settles after {dataset['settles_after']}; "
            f"fetched unasked on: {dataset['on_by_default']}; "
            f"snapshots of the open day: {'yes' if dataset['snapshots'] else 'no'}"
        )
        print_rows(dataset["columns"], form)


def _described(
    registry: Registry, provider: Provider, environment: Mapping[str, str]
) -> dict[str, Any]:
    owner = next(plugin for plugin in registry.plugins if provider in plugin.providers)
    plan, state = _state(provider, environment)
    return {
        "name": provider.name,
        "title": provider.title,
        "distribution": f"{owner.distribution} {owner.version}",
        "state": f"{state} on plan {plan.name}" if plan else state,
        "keys_url": provider.keys_url,
        "lists_assets": provider.universe is not None,
        "plans": [_plan(one, one is plan) for one in provider.plans],
        "datasets": [_dataset(dataset) for dataset in provider.datasets],
    }


def _plan(plan: Plan, in_use: bool) -> dict[str, Any]:
    return {
        "plan": plan.name,
        "in_use": "yes" if in_use else "",
        "calls_per_minute": f"{plan.rate.calls / plan.rate.seconds * 60:g}",
        "history": f"{plan.reach.days} days" if plan.reach else "all",
        "key_variable": plan.key.variable if plan.key else None,
        "key_travels_in": plan.key and f"{plan.key.place} {plan.key.name}".strip(),
        "base_url": plan.base_url,
    }


def _dataset(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "stamp": dataset.stamp.value,
        "since": dataset.since.isoformat(),
        "settles_after": str(dataset.settle),
        "snapshots": dataset.snapshot is not None,
        "on_by_default": ", ".join(sorted(dataset.plans)) if dataset.plans else "all plans",
        "columns": [
            {"column": name, "type": one.type, "unit": one.unit, "meaning": one.meaning}
            for name, one in dataset.columns.items()
        ],
    }


command.add_command(check)
command.add_command(new)
command.add_command(test)
