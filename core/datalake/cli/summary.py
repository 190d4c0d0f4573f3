"""The end of a run for a person: how it went, what is in the file, what is missing, what next."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl
from attrs import asdict

from ..exits import Exit
from ..publish.rows import collected, ids_of
from ..running.reporting.advice import (
    column_behind,
    next_steps,
    provider_state,
    provider_through,
    seconds,
)
from ..running.reporting.causes import causes
from ..running.result import Result
from .logs import say
from .numbers import behind, dollars, plain
from .output import console, new_table, print_fitting

if TYPE_CHECKING:
    from rich.table import Table

SHOWN_ASSETS = 10
SHOWN_FAILURES = 5


def show(result: Result, quiet: bool) -> None:
    """Print the summary on stdout, unless quiet; what went wrong, on stderr, always."""
    if result.exit is not Exit.PUBLISHED:
        level = logging.WARNING if result.exit is Exit.DEGRADED else logging.ERROR
        say(f"{result.report.status}: {result.report.message}", level)
    if not quiet:
        print_report(asdict(result.report), result.scan)


def print_report(report: Mapping[str, Any], rows: pl.LazyFrame | None = None) -> None:
    """A report as people read it; with the rows of the run, its largest assets, too."""
    screen = console()
    screen.print(_head(report), markup=False, soft_wrap=True)
    print_fitting(screen, _providers(report))
    if rows is not None and (known := ids_of(rows)):
        print_fitting(screen, _assets(rows, known, report["universe"]["assets"]))
    if report.get("freshness"):
        print_fitting(screen, _columns(report["freshness"]))
    for line in [*notes(report), *_lines(report)]:
        screen.print(line, markup=False, soft_wrap=True)
    if report["synthetic"]:
        screen.print("[bold yellow]SYNTHETIC[/]: simulated or replayed, not the real market")
    screen.print(_ending(report), markup=False, soft_wrap=True)


def _head(report: Mapping[str, Any]) -> str:
    status, took = report["status"].upper(), clock(seconds(report))
    return f"run {report['run_id']}  {status} in {took}  as of {report['as_of'][:16]}Z"


def clock(span: float) -> str:
    """So many seconds, as `3.2 s` or `2:41`."""
    if span < 60:
        return f"{span:.1f} s"
    minutes, rest = divmod(round(span), 60)
    return f"{minutes}:{rest:02}"


def _providers(report: Mapping[str, Any]) -> Table:
    """What matters most comes first: a narrow terminal has no room for the last columns."""
    table = new_table("")
    words = ("provider", "plan", "state", "through")
    for heading in (*words, "calls", "cached", "saved", "waited", "rows"):
        table.add_column(heading, justify="left" if heading in words else "right")
    for name, one in report["providers"].items():
        hits, series = one.get("cache_hits", 0), one.get("series", 0)
        table.add_row(
            name,
            one["plan"],
            provider_state(name, report) if "series" in one else "lists only",
            provider_through(name, report) or "—",
            f"{one['calls']:,}",
            f"{hits:,}",
            f"{hits / series:.1%}" if series else "—",
            clock(one["throttled_seconds"]),
            f"{one.get('rows', 0):,}",
        )
    for one in report["skipped"]:
        table.add_row(one["provider"], "—", "skipped", *["—"] * 6)
    return table


def _assets(rows: pl.LazyFrame, known: Collection[str], ranked: Sequence[str]) -> Table:
    """The largest assets on the last day of each."""
    shown = [asset for asset in ranked if asset in known][:SHOWN_ASSETS]
    days = collected(rows.filter(pl.col("canonical_id").is_in(shown)))
    by_id = {row["canonical_id"]: row for row in days.group_by("canonical_id").last().to_dicts()}
    table = new_table(f"The largest {len(shown)} of {len(known)} assets")
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


def _columns(freshness: Mapping[str, Mapping[str, Any]]) -> Table:
    table = new_table("Columns")
    for heading in ("column", "through", "assets", "values", "behind", "source"):
        left = heading in ("column", "through", "source")
        table.add_column(heading, justify="left" if left else "right")
    for name, one in freshness.items():
        table.add_row(
            name,
            one["through"] or "—",
            f"{one['assets']:,}",
            f"{one['values']:,}",
            behind(column_behind(one), one["behind"]),
            one["source"].partition(",")[0],
        )
    return table


def notes(report: Mapping[str, Any]) -> list[str]:
    """What a reader should know: providers left out, series that failed, checks that warn."""
    told = [f"{one['provider']} skipped: {one['reason']}" for one in report["skipped"]]
    for name, one in report["providers"].items():
        told += _failures(name, one.get("failed", ()))
    checks = (report["gate"] or {}).get("checks", ())
    amiss = [check for check in checks if check["level"] != "ok"]
    return told + [f"gate: {check['name']}: {check['detail']}" for check in amiss]


def _failures(provider: str, failed: Sequence[Mapping[str, Any]]) -> list[str]:
    """Failures of one provider, those of one cause together, the most frequent first."""
    found = causes(failed)
    notes = []
    for cause in found[:SHOWN_FAILURES]:
        assets = ", ".join(cause.assets[:SHOWN_FAILURES])
        more = len(cause.assets) - SHOWN_FAILURES
        assets += f" and {more} more" if more > 0 else ""
        stand_in = f"; rows through {cause.stale_through} stand in" if cause.stale_through else ""
        notes.append(f"{provider}.{cause.dataset} of {assets}: {cause.error}{stand_in}")
    if len(found) > SHOWN_FAILURES:
        notes.append(f"{provider}: {len(found) - SHOWN_FAILURES} more causes in the report")
    return notes


def _lines(report: Mapping[str, Any]) -> list[str]:
    """Mapping, gate and what is next, a line each."""
    lines = []
    if mapping := report["mapping"]:
        folded = mapping["folded"]
        members = sum(len(one) for one in folded.values())
        out = sorted({one["asset"] for one in mapping.get("depegged") or ()})
        excluded = f"; {len(out)} left out of sums ({', '.join(out[:3])})" if out else ""
        lines.append(f"mapping  {members} members folded into {len(folded)} assets{excluded}")
    if today := report.get("open_day"):
        lines.append(f"today    {_today(today)}")
    if checks := (report["gate"] or {}).get("checks"):
        passed = sum(check["passed"] for check in checks)
        lines.append(f"gate     {passed}/{len(checks)} passed")
    return lines + [f"next     {step}" for step in next_steps(report)]


def _today(today: Mapping[str, Any]) -> str:
    """The open day, and how many assets each snapshot told of."""
    had = ", ".join(f"{one['dataset']} {one['known']:,}" for one in today["snapshots"])
    return f"{today['day']}, still open: {had}" if today["day"] else "no price came: no open day"


def _ending(report: Mapping[str, Any]) -> str:
    output = report["output"]
    if not output:
        return "Nothing was written."
    if not output["published"]:
        kept = f"The candidate is kept at {output['candidate']}; " if output["candidate"] else ""
        return f"{kept}{output['path']} is untouched."
    mark = " (synthetic)" if report["synthetic"] else ""
    told = f"{output['rows']:,} rows of {output['assets']} assets{mark} in {output['path']}"
    state = "" if output.get("new", True) else ": nothing new, it was published before"
    return f"{told}, version {output.get('version')}{state}"
