"""`datalake providers check`: whether the keys work."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout

import click
from attrs import asdict

from ..clock import now
from ..exits import Exit
from ..running.keycheck import Checked, check_keys
from ..running.options import Options
from ..running.vendors import vendors
from .output import format_option, print_rows
from .surroundings import Surroundings, surroundings


@click.command("check")
@click.argument("name", nargs=-1)
@format_option
@surroundings("Ask the sandbox instead of the real vendors.")
@click.pass_context
def check(ctx: click.Context, /, name: tuple[str, ...], form: str, around: Surroundings) -> None:
    """Ask each provider, or those of these NAMEs, once: whether it answers and takes the key.

    It is one call a provider, and none is tried again. Exit code 2 says that a key or a plan is
    refused, or is missing for a provider that was named; 7 that none of them answered.

    \b
    Examples:
      datalake providers check --sandbox
      datalake providers check coingecko --sandbox --format json
    """
    options = Options(cache="memory:", output="", providers=name or None, sandbox=around.sandbox)
    with vendors(options, now) as reached, redirect_stdout(sys.stderr):
        checked = check_keys(around.registry, options, around.environment, reached)
    print_rows([asdict(one) for one in checked], form)
    ctx.exit(_code([one for one in checked if one.state != "skipped"]))


def _code(asked: list[Checked]) -> int:
    if any(one.state == "refused" for one in asked):
        return Exit.USAGE
    return Exit.FAILED if asked and all(one.state == "silent" for one in asked) else 0
