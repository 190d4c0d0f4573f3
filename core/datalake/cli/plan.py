"""`datalake plan`: what a run would cost, before it is made."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import datetime
from typing import Any

import click
from attrs import asdict

from ..errors import FetchError, OverBudget
from ..exits import Exit
from ..models import Quota
from ..running.planning.forecast import Forecast, ProviderForecast, forecast
from .logs import say
from .output import console, format_option, new_table, print_fitting, print_json
from .run_options import Asked, asked, run_options
from .summary import clock


@click.command("plan")
@run_options
@format_option
def command(form: str, **flags: Any) -> None:
    """Say what a run would cost, before it is made.

    It takes the options of `datalake run`, asks the providers for their lists of assets and for
    nothing else, writes nothing, and says of each provider how many calls the run makes if nothing
    fails, how many series the cache serves, how long the rate limit makes it last, and whether the
    month's calls are enough. Where the assets cannot be listed it ends with 7, as a run does.

    \b
    Examples:
      datalake plan --sandbox --top 20
      datalake plan --sandbox --top 20 --format json
    """
    print_plan(asked(flags), form)


def print_plan(wish: Asked, form: str) -> None:
    """Make the plan and print it on stdout."""
    try:
        with redirect_stdout(sys.stderr):  # a provider that prints must not spoil what is piped on
            told = forecast(wish.options, wish.registry, wish.environment)
    except FetchError as error:
        say(f"there is no plan without a list of the assets: {error}", logging.ERROR)
        sys.exit(int(Exit.BUDGET if isinstance(error, OverBudget) else Exit.FAILED))
    if form == "json":
        print_json(asdict(told))
        return
    screen = console()
    table = new_table(f"Plan for {told.assets} assets as of {told.as_of[:16]}Z")
    words = ("provider", "plan", "dataset")
    for heading in (*words, "series", "cached", "calls", "time"):
        table.add_column(heading, justify="left" if heading in words else "right")
    for name, one in told.providers.items():
        for row in _rows(name, one):
            table.add_row(*row)
    print_fitting(screen, table)
    for line in _lines(told):
        screen.print(line, markup=False, soft_wrap=True)


def _rows(name: str, one: ProviderForecast) -> Iterator[tuple[str, ...]]:
    hits, time = f"{one.cache_hits:,}", clock(one.seconds)
    yield name, one.plan, "all", _series(one), hits, f"{one.calls:,}", time
    if one.lookups:
        yield "", "", "lists", "", "", f"{one.lookups:,}", ""
    for dataset, part in one.datasets.items():
        yield "", "", dataset, f"{part.series:,}", f"{part.cache_hits:,}", f"{part.calls:,}", ""


def _series(one: ProviderForecast) -> str:
    return f"{sum(part.series for part in one.datasets.values()):,}"


def _lines(told: Forecast) -> Iterator[str]:
    for name, one in told.providers.items():
        yield from _of_provider(name, one)
    for skipped in told.skipped:
        yield f"{skipped.provider} skipped: {skipped.reason}"
    if told.trouble:
        yield told.trouble
    if told.left:
        yield (
            f"{told.left:,} series are left to a later run by --max-calls or --timeout: this one"
            " would end with exit code 6 and publish nothing"
        )
    end = datetime.fromisoformat(told.done_at)
    slowest = f", {told.slowest} is the slowest" if told.slowest else ""
    yield (
        f"{told.calls:,} calls, {told.cache_hits:,} series from the cache; done in"
        f" {clock(told.seconds)}, at {end:%H:%M:%S} UTC{slowest}"
    )


def _of_provider(name: str, one: ProviderForecast) -> Iterator[str]:
    if one.quota:
        yield f"{name}: {_on(one.quota, one)}"
    for trouble in one.trouble:
        yield f"{name}: {trouble}"


def _on(quota: Quota, one: ProviderForecast) -> str:
    """What this run takes of the quota, and what a run each day would."""
    limit = "?" if quota.limit is None else f"{quota.limit:,}"
    has = f"{limit} calls a {quota.per}"
    if quota.left is not None:
        has += f", {quota.left:,} of them left"
    this = f"this run takes {one.calls:,}"
    if one.enough is False:
        this += ", MORE THAN ARE LEFT"
    daily = one.a_month if quota.per == "month" else one.a_day
    each = f"one run a day takes {daily:,} a {quota.per}"
    if one.enough_daily is False:
        each += ", MORE THAN THERE ARE"
    return f"{has}: {this}; {each}"
