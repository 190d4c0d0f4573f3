"""`datalake report`: a run on one page, for a terminal, a chat or a mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from ..models import Quota
from ..plugins import Registry
from ..running.reporting import kept
from .lakes import Lake, store_options
from .onepage import NOTHING, SYNTHETIC, Page, page_of
from .output import console, new_table, print_fitting, print_json

FORMS = ("table", "markdown", "html", "json")


@click.command("report")
@click.argument("run", default=kept.LAST)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default="table",
    help="For a terminal, a chat, a mail, or a program.  [default: table]",
)
@store_options
def command(run: str, lake: Lake, form: str) -> None:
    """Sum up a RUN on one page: what was published, how fresh it is, what failed, and what to do.

    A RUN is named by its id, by the beginning of it, or as last, which is the default. Printed on
    stdout; `datalake runs show` tells more of it.

    \b
    Examples:
      datalake report
      datalake report last --format markdown
      datalake report --format html
    """
    from ..dashboard.runs import condensed
    from . import pageforms

    report = kept.read(lake.store, kept.find(lake.store, run))
    if form == "json":
        print_json(condensed([report])["runs"][0])
        return
    page = page_of(report, _quotas(report, lake.around.registry))
    if form == "table":
        _print(page)
    else:
        click.echo(getattr(pageforms, form)(page), nl=False)


def _quotas(report: Mapping[str, Any], registry: Registry) -> dict[str, Quota | None]:
    """What the plans give with which the providers took part, as far as they are installed."""
    return {
        name: plan.quota
        for name, one in report["providers"].items()
        if name in registry.providers
        for plan in registry.providers[name].plans
        if plan.name == one["plan"]
    }


def _print(page: Page) -> None:
    from rich.text import Text

    screen = console()
    color = {"good": "green", "warning": "yellow", "bad": "red"}[page.mood]
    if page.synthetic:
        screen.print(Text(f" {SYNTHETIC} ", style="bold black on yellow"))
    screen.print(Text(page.title, style=f"bold {color}"))
    for line in page.told:
        screen.print(Text(line), soft_wrap=True)
    for table in page.tables:
        shown = new_table(table.title)
        for number, heading in enumerate(table.headings):
            shown.add_column(heading, justify="right" if number in table.figures else "left")
        for row in table.rows:
            shown.add_row(*map(Text, row))
        print_fitting(screen, shown)
    for word, lines in (("note", page.notes), ("next", page.steps or [NOTHING])):
        for line in lines:
            screen.print(Text(f"{word}  {line}"), soft_wrap=True)
