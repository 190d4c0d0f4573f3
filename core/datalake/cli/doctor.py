"""`datalake doctor`: whether all is well for a run."""

from __future__ import annotations

import os
from pathlib import Path

import click
from attrs import asdict

from .. import doctor
from ..environment import read_environment
from ..exits import Exit
from ..lake import open_lake
from ..names import OUTPUT
from ..settings import read_settings
from .output import format_option, print_json, print_rows
from .places import default_cache
from .plugin_options import find_plugins, plugin_options


@click.command("doctor")
@click.option("--cache", metavar="URL", help="Check this cache instead of the configured one.")
@format_option
@plugin_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    cache: str | None,
    form: str,
    plugins: tuple[str, ...] | None,
    no_plugins: bool,
) -> None:
    """Check the settings, the plugins, the output and the cache, and say what is to be done.

    The cache is checked by real work in a corner of its own: a write, a read, a conditional write
    that must be refused, and a delete. No provider is asked, and no key is shown. Exit code 2
    says that something must be put right.

    \b
    Examples:
      datalake doctor
      datalake doctor --cache gs://bucket/prefix --format json
    """
    environment = read_environment(os.environ, Path(".env"))
    registry = find_plugins(plugins, no_plugins, environment)
    settings = read_settings()
    url = cache or settings.run.cache or default_cache(False, environment)
    found = [
        *doctor.versions(),
        *doctor.variables(registry, os.environ, environment),
        *doctor.plugins(registry, environment),
        doctor.output(Path(settings.run.output or OUTPUT)),
        *doctor.store(open_lake(url, registry, environment, settings.cache)),
    ]
    if form == "json":
        print_json([asdict(one) for one in found])
    else:
        print_rows([asdict(one) for one in found], form)
        wrong = sum(one.state == "wrong" for one in found)
        click.echo(f"{wrong} to be put right" if wrong else "all is well")
    ctx.exit(Exit.USAGE if any(one.state == "wrong" for one in found) else 0)
