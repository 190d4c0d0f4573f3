"""The end of a run for a person: where the file is, what is in it, what is missing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..exits import Exit
from ..run.health import GIVEN_UP
from ..run.pipeline import Result
from .logs import say
from .numbers import dollars, plain
from .output import console, new_table, print_fitting

if TYPE_CHECKING:
    import polars as pl
    from rich.table import Table

SHOWN_ASSETS = 10
SHOWN_FAILURES = 5


def show(result: Result, quiet: bool) -> None:
    """Print the summary on stdout, unless quiet; what went wrong, on stderr, always."""
    if result.exit is not Exit.PUBLISHED:
        level = logging.WARNING if result.exit is Exit.DEGRADED else logging.ERROR
        say(f"{result.report.status}: {result.report.message}", level)
    if quiet:
        return
    screen = console()
    print_fitting(screen, _providers(result))
    if result.report.synthetic:
        screen.print("[bold yellow]SYNTHETIC[/]: simulated or replayed, not the real market")
    if result.rows is not None and result.rows.height:
        print_fitting(screen, _assets(result.rows, result.report.universe["assets"]))
        print_fitting(screen, _columns(result.rows))
    for line in _notes(result):
        screen.print(line, markup=False, soft_wrap=True)
    if ending := _ending(result):
        screen.print(ending, markup=False, soft_wrap=True)


def _providers(result: Result) -> Table:
    table = new_table("Providers")
    for heading in ("provider", "plan", "calls", "series", "from cache", "failed", "not covered"):
        table.add_column(heading, justify="left" if heading in ("provider", "plan") else "right")
    for name, one in result.report.providers.items():
        table.add_row(
            name,
            one["plan"],
            str(one["calls"]),
            str(one.get("series", 0)),
            str(one.get("cache_hits", 0)),
            str(len(one.get("failed", ()))),
            str(len(one.get("uncovered", ()))),
        )
    return table


def _assets(rows: pl.DataFrame, ranked: Sequence[str]) -> Table:
    """The largest assets on the last day of each."""
    last = rows.group_by("canonical_id").last().to_dicts()
    by_id = {row["canonical_id"]: row for row in last}
    shown = [asset for asset in ranked if asset in by_id][:SHOWN_ASSETS]
    table = new_table(f"The largest {len(shown)} of {len(by_id)} assets")
    table.add_column("#", justify="right")
    table.add_column("asset")
    table.add_column("last day")
    for heading in ("close", "volume", "market cap", "chain TVL", "galaxy score"):
        table.add_column(heading, justify="right")
    for asset in shown:
        row = by_id[asset]
        table.add_row(
            str(ranked.index(asset) + 1),
            asset,
            str(row["date"]),
            *(dollars(row[column]) for column in ("close", "volume", "market_cap", "chain_tvl")),
            plain(row["lc_galaxy_score"]),
        )
    return table


def _columns(rows: pl.DataFrame) -> Table:
    table = new_table("Columns")
    for heading in ("column", "assets", "values", "last day"):
        table.add_column(heading, justify="left" if heading == "column" else "right")
    for column in rows.columns:
        if column in ("date", "canonical_id"):
            continue
        known = rows.drop_nulls(column)
        table.add_row(
            column,
            str(known["canonical_id"].n_unique()),
            f"{known.height:,}",
            str(known["date"].max() or "—"),
        )
    return table


def _notes(result: Result) -> list[str]:
    """What a reader should know: providers left out, series that failed, checks that warn."""
    report = result.report
    notes = [f"{one['provider']} skipped: {one['reason']}" for one in report.skipped]
    for name, one in report.providers.items():
        notes += _failures(name, one.get("failed", ()))
    checks = report.gate.get("checks", ())
    told = [check for check in checks if check["level"] != "ok"]
    return notes + [f"gate: {check['name']}: {check['detail']}" for check in told]


def _failures(provider: str, failed: Sequence[dict[str, Any]]) -> list[str]:
    """Failures of one provider, those of one cause together, the most frequent first."""
    causes: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for failure in failed:
        cause = failure["error"].removeprefix(GIVEN_UP)
        causes.setdefault((failure["dataset"], cause), []).append(failure)
    ranked = sorted(causes.items(), key=lambda item: -len(item[1]))
    notes = []
    for (dataset, error), failures in ranked[:SHOWN_FAILURES]:
        assets = ", ".join(failure["asset"] for failure in failures[:SHOWN_FAILURES])
        more = len(failures) - SHOWN_FAILURES
        assets += f" and {more} more" if more > 0 else ""
        stale = max((failure["stale_through"] or "" for failure in failures), default="")
        stand_in = f"; rows through {stale} stand in" if stale else ""
        notes.append(f"{provider}.{dataset} of {assets}: {error}{stand_in}")
    if len(ranked) > SHOWN_FAILURES:
        notes.append(f"{provider}: {len(ranked) - SHOWN_FAILURES} more causes in the report")
    return notes


def _ending(result: Result) -> str:
    output = result.report.output
    if not output:
        return "Nothing was written."
    if not output["published"]:
        kept = f"The candidate is kept at {output['candidate']}; " if output["candidate"] else ""
        return f"{kept}{output['path']} is untouched."
    mark = " (synthetic)" if result.report.synthetic else ""
    told = f"{output['rows']:,} rows of {output['assets']} assets{mark} in {output['path']}"
    state = "" if output["new"] else ": nothing new, it was published before"
    return f"{told}, version {output['version']}{state}"
