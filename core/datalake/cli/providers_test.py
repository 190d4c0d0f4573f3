"""`datalake providers test`: whether a provider keeps its promises, with a grade."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from attrs import asdict

from ..clock import now
from ..conformance import Outcome, Report, State
from ..conformance.recording import Recorded
from ..conformance.samples import INDEX
from ..conformance.trying import Bench
from ..environment import read_environment
from ..errors import ConfigError
from ..exits import Exit
from ..models import Asset, Provider
from ..plugins import Plugin, Registry
from ..suggest import did_you_mean
from .output import format_option, print_json, print_rows
from .parsing import Names
from .plugin_options import find_plugins

#: Where samples lie in a package, as its author works on it.
USUAL = (Path("tests/samples"), Path("samples"))
#: How the check of a fault is called, before the fault's own name.
FAULT = "fault "


@click.command("test")
@click.argument("package")
@click.option(
    "--samples",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of recorded answers.  [default: tests/samples, else samples]",
)
@click.option("--faults", is_flag=True, help="Let every fault of the sandbox loose on it, too.")
@click.option("--live", is_flag=True, help="Ask the real API, each request once, with your key.")
@click.option("--record", is_flag=True, help="Record new samples first, with your key scrubbed.")
@click.option("--assets", type=Names(), help="With --record: try these assets.")
@format_option
@click.pass_context
def test(
    ctx: click.Context,
    /,
    package: str,
    samples: Path | None,
    faults: bool,
    live: bool,
    record: bool,
    assets: tuple[str, ...] | None,
    form: str,
) -> None:
    """Try the providers of an installed PACKAGE on recorded answers, and grade them.

    PACKAGE is the name of a provider, a plugin or a distribution. Nothing is asked and no key is
    needed, unless --live or --record is given. Grades: A, everything holds; B, something could be
    better; C, something fails and says so; D, it can be wrong, lose data or show a key without
    anybody noticing. Exit code 2 says C or D.

    \b
    Examples:
      datalake providers test acme
      datalake providers test acme --faults --format json
      datalake providers test acme --record --assets bitcoin,uniswap
    """
    if faults and live:
        raise ConfigError("--faults are let loose on samples, and --live has none: choose one")
    if assets and not record:
        raise ConfigError("--assets say what is recorded: add --record")
    environment = read_environment(os.environ, Path(".env"))
    registry = find_plugins(None, False, environment)
    bench = Bench(registry, environment, now)
    reports = []
    for provider in _providers(registry, package):
        folder = samples or _usual(new=record or live)
        if record:
            given = [Asset(asset) for asset in assets or ()]
            _tell(bench.record(provider, folder, given))
        reports.append(
            bench.on_the_real_one(provider, folder)
            if live
            else bench.on_samples(provider, folder, faults=faults)
        )
    _print(reports, form)
    bad = any(report.grade.name in "CD" for report in reports)
    ctx.exit(Exit.USAGE if bad else 0)


def _providers(registry: Registry, package: str) -> Sequence[Provider]:
    """The providers of that name, or of the plugin or distribution of that name."""
    for plugin in registry.plugins:
        if _plain(package) in map(_plain, _names(plugin)):
            if plugin.error:
                raise ConfigError(f"{plugin} is broken: {plugin.error}")
            named = [one for one in plugin.providers if _plain(one.name) == _plain(package)]
            return named or plugin.providers
    for plugin in registry.skipped:
        if _plain(package) in map(_plain, _names(plugin)):
            raise ConfigError(f"DATALAKE_PLUGINS leaves {plugin} out: name it there, too")
    known = [name for plugin in registry.plugins for name in _names(plugin)]
    raise ConfigError(
        f"no installed package is called {package!r}{did_you_mean(package, set(known))} "
        "(a package of your own is installed with `pip install -e .`)"
    )


def _names(plugin: Plugin) -> list[str]:
    return [plugin.name, plugin.distribution, *(one.name for one in plugin.providers)]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _usual(*, new: bool) -> Path:
    found = next((folder for folder in USUAL if (folder / INDEX).is_file()), None)
    if found is None and not new:
        looked = " and ".join(map(str, USUAL))
        raise ConfigError(
            f"there are no samples in {looked}: call this in the package's folder, name another by "
            "--samples, or let --record make some"
        )
    return found or USUAL[0]


def _tell(recorded: Recorded) -> None:
    first, *answers = recorded.files
    click.echo(f"recorded {len(answers)} answers in {recorded.calls} calls: {first}", err=True)
    for file in recorded.large:
        click.echo(f"{file} is large: cut it down to what the checks need", err=True)


def _print(reports: Sequence[Report], form: str) -> None:
    if form == "json":
        print_json([_document(report) for report in reports])
        return
    for report in reports:
        print_rows([*_told(report), *_withstood(report)], form, report.provider)
        click.echo(report.summary)


def _document(report: Report) -> dict[str, Any]:
    return {
        "provider": report.provider,
        "grade": report.grade.name,
        "means": report.grade.value,
        "outcomes": [{**asdict(one), "state": one.state.value} for one in report.outcomes],
    }


def _told(report: Report) -> Iterator[dict[str, str]]:
    """A row for each outcome, but one for all the faults that went wrong in the same manner."""
    alike: dict[tuple[str, str], list[Outcome]] = {}
    for one in filter(_is_shown, report.outcomes):
        manner = one.advice.partition(": ")[2] if _is_fault(one) else one.check
        alike.setdefault((one.dataset, manner), []).append(one)
    for first, *others in alike.values():
        row = _row(first)
        if others:
            names = ", ".join(one.check.removeprefix(FAULT) for one in others)
            row["what"] += f". The same under {names}"
        yield row


def _is_shown(one: Outcome) -> bool:
    """All but the many faults that are withstood, or could not be tried."""
    return one.state not in (State.HELD, State.UNTRIED) or not _is_fault(one)


def _is_fault(one: Outcome) -> bool:
    return one.check.startswith(FAULT)


def _withstood(report: Report) -> Iterator[dict[str, str]]:
    """A row for each dataset on which faults were let loose."""
    tried = list(filter(_is_fault, report.outcomes))
    for dataset in dict.fromkeys(one.dataset for one in tried):
        states = [one.state for one in tried if one.dataset == dataset]
        yield {
            "dataset": dataset,
            "check": "faults",
            "state": max(states, key=list(State).index).value,
            "what": f"It withstands {states.count(State.HELD)} of {len(states)} faults.",
        }


def _row(one: Outcome) -> dict[str, str]:
    return {
        "dataset": one.dataset,
        "check": one.check,
        "state": one.state.value,
        "what": one.advice or one.promise,
    }
