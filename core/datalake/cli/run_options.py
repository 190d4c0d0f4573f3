"""What a run can be asked for, on the command line: the same for `run` and for `plan`."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from attrs import frozen

from ..client.budget import ALL
from ..clock import now
from ..environment import open_to_others, read_environment
from ..errors import ConfigError
from ..names import OUTPUT
from ..plugins import Registry, keys
from ..publish.pointer import Keep
from ..running.options import Options
from ..running.reporting.report import new_run_id
from ..settings import RunSettings, read_settings
from ..suggest import did_you_mean
from .logs import configure, say
from .parsing import Day, Instant, LastDay, Limit, Names, Span
from .places import SANDBOX, default_cache
from .plugin_options import find_plugins, plugin_options, tell

C = TypeVar("C", bound=Callable[..., Any])

DOTENV = Path(".env")

_OPTIONS = (
    click.option("--providers", help="`all` that are installed (the default), or names: a,b."),
    click.option("--top", type=int, help="How many canonical assets.  [default: 200]"),
    click.option("--assets", type=Names(), help="These assets instead of the largest."),
    click.option("--datasets", type=Names(), help="Only these datasets: coingecko.market,…"),
    click.option("--since", type=Day(), help="First day.  [default: all that the plan offers]"),
    click.option(
        "--until", type=LastDay(), help="Last day; `now` has today as well.  [default: yesterday]"
    ),
    click.option("--as-of", type=Instant(now), help="Run as if it were this instant (UTC)."),
    click.option("--cache", help="Where series are kept: a folder, file:, memory:, …"),
    click.option("--output", metavar="PATH", help="The file to publish: a path, or gs://…."),
    click.option(
        "--mapping", type=click.Path(path_type=Path), help="YAML over the shipped mapping."
    ),
    click.option(
        "--columns",
        type=click.Choice(["standard", "extended"]),
        help="Which columns to publish.  [default: standard]",
    ),
    click.option("--sandbox", is_flag=True, help="A simulated market; no key, no network."),
    click.option(
        "--recordings",
        type=click.Path(path_type=Path),
        help="With --sandbox: serve the recorded answers of this folder.",
    ),
    click.option(
        "--sandbox-rates",
        type=click.Choice(["fast", "real"]),
        default="fast",
        help="With --sandbox: 100 times the plan's rate limit, or the real one.  [default: fast]",
    ),
    click.option(
        "--sandbox-fault",
        "sandbox_faults",
        multiple=True,
        metavar="PATTERN=ACTION",
        help="With --sandbox: a fault, such as 'lunarcrush=503'; see `datalake sandbox faults`.",
    ),
    click.option("--offline", is_flag=True, help="Ask no provider: use what the cache holds."),
    click.option(
        "--refresh",
        type=Names(),
        is_flag=False,
        flag_value="all",
        help="Fetch anew whatever is cached: everything, or --refresh=NAME of a provider or "
        "dataset.",
    ),
    click.option(
        "--max-calls",
        type=Limit(),
        multiple=True,
        help="Make no more calls: 400 in all, or lunarcrush=50 to one provider.",
    ),
    click.option("--timeout", type=Span(), help="Make no call so long after the beginning: 20m."),
    click.option(
        "--strict", is_flag=True, help="Publish nothing if any series is missing or stale."
    ),
    click.option("--force-publish", metavar="REASON", help="Publish although the gate refuses."),
    click.option(
        "--report", type=click.Path(path_type=Path), help="Also write the run report here."
    ),
    click.option("--quiet", is_flag=True, help="No progress and no summary."),
    click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="warning",
        help="The lowest level that is logged, on stderr.  [default: warning]",
    ),
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        help="How a line of the log is written.  [default: text]",
    ),
    plugin_options,
)


def run_options(command: C) -> C:
    """Every option of a run, in the order in which the help shows them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@frozen
class Asked:
    """What a command line asks of a run, and with what it is to be done."""

    options: Options
    registry: Registry
    environment: Mapping[str, str]
    run_id: str
    quiet: bool
    log_format: str


def asked(flags: dict[str, Any]) -> Asked:
    """The options that were read, over the settings; logs are written from here on."""
    quiet: bool = flags.pop("quiet")
    level, form = flags.pop("log_level"), flags.pop("log_format")
    run_id = new_run_id(now())
    configure(level, form, (), run_id)  # what is read next may have something to say
    environment = read_environment(os.environ, DOTENV)
    registry = find_plugins(flags.pop("plugins"), flags.pop("no_plugins"), environment)
    secrets = keys(registry, environment)
    configure(level, form, secrets, run_id)
    tell(registry)
    if open_to_others(DOTENV) and any(not os.environ.get(one.variable) for one in secrets):
        say(f"warning: anybody may read the keys in {DOTENV}: chmod 600 {DOTENV}", logging.WARNING)
    options = options_of(flags, environment, registry)
    return Asked(options, registry, environment, run_id, quiet, form)


def options_of(
    flags: dict[str, Any], environment: Mapping[str, str], registry: Registry
) -> Options:
    """Flags over `datalake.toml` over the defaults."""
    settings = read_settings()
    for name in settings.rates:
        if name not in registry.providers:
            hint = did_you_mean(name, registry.providers)
            say(f"warning: datalake.toml: rates.{name}: no such provider{hint}", logging.WARNING)
    file = settings.run
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    providers = given.pop("providers", file.providers)
    limits = dict(given.pop("max_calls", ()))
    _check_limits(limits, registry)
    place = _sandbox_place(flags["recordings"]) if flags["sandbox"] else _place(file, environment)
    defaults: dict[str, Any] = {
        **place,
        "top": file.top,
        "columns": file.columns,
        "mapping": Path(file.mapping) if file.mapping else None,
        "since": file.since,
        "rates": settings.rates,
        "mirror": settings.cache,
        "gate": settings.gate,
        "keep": Keep(settings.publish.history),
        "max_calls": limits,
    }
    return Options(
        **{
            **defaults,
            **given,
            "providers": None if providers == "all" else Names().convert(providers, None, None),
        }
    )


def _check_limits(limits: Mapping[str, int], registry: Registry) -> None:
    for name in limits:
        if name != ALL and name not in registry.providers:
            hint = did_you_mean(name, registry.providers)
            raise ConfigError(f"--max-calls {name}={limits[name]}: no such provider{hint}")


def _sandbox_place(recordings: Path | None) -> dict[str, Any]:
    """Simulated and recorded data stay apart from real data and from each other."""
    folder = SANDBOX / "recordings" if recordings else SANDBOX
    return {"cache": str(folder), "output": str(folder / OUTPUT)}


def _place(file: RunSettings, environment: Mapping[str, str]) -> dict[str, Any]:
    cache = file.cache or default_cache(False, environment)
    return {"cache": cache, "output": file.output or OUTPUT}
