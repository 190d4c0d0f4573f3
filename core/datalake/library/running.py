"""`datalake.run`: a run as a function, with the options of the command by the same names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from ..client.budget import ALL
from ..clock import now
from ..environment import read_environment
from ..names import OUTPUT
from ..plugins import load
from ..rules import GateRules
from ..running import pipeline
from ..running.options import Options
from ..running.result import Result
from .opening import mirrored
from .wishes import Day, Instant, Names, day_of, instant_of, names_of


def run(
    *,
    cache: str | Path,
    output: str | Path | None = None,
    providers: Names = "all",
    top: int = 200,
    assets: Names = (),
    datasets: Names = (),
    since: Day | None = None,
    until: Day | Literal["now"] | None = None,
    as_of: Instant | None = None,
    mapping: Path | None = None,
    columns: Literal["standard", "extended"] = "standard",
    sandbox: bool = False,
    recordings: Path | None = None,
    sandbox_rates: Literal["fast", "real"] = "fast",
    sandbox_faults: Sequence[str] = (),
    rates: Mapping[str, float] | None = None,
    offline: bool = False,
    refresh: Names = (),
    max_calls: int | Mapping[str, int] | None = None,
    timeout: timedelta | None = None,
    strict: bool = False,
    force_publish: str | None = None,
    report: Path | None = None,
    gate: GateRules | None = None,
    mirror: Path | None = None,
    plugins: Iterable[str] | None = None,
    environment: Mapping[str, str] | None = None,
    clock: Callable[[], datetime] = now,
) -> Result:
    """Make the dataset, as `datalake run` does, and return it.

        result = datalake.run(cache="memory:", sandbox=True, top=10)
        result.table, result.report.message, result.exit_code

    The options are those of the command; see `datalake run --help`. What differs: `cache` must be
    given, and without an `output` nothing is published but to memory, so that no file is written
    and no gate compares. Settings are arguments: no `datalake.toml` is read. Keys and what leads
    to a bucket come from `environment`, by default that of the process, and `.env`.

    `exit_code` is the command's: 0 published, 3 published, but degraded, 4 refused by the gate,
    6 out of calls or time, 7 every provider failed; `table` is None where there are no rows. Raises
    ConfigError where the command ends with 2, before any call, and Held where it ends with 5.
    """
    variables = read_environment(os.environ, Path(".env")) if environment is None else environment
    options = Options(
        cache=str(cache),
        output=f"memory:{OUTPUT}" if output is None else str(output),
        providers=None if providers == "all" else names_of(providers),
        top=top,
        assets=tuple(names_of(assets) or ()),
        datasets=tuple(names_of(datasets) or ()),
        since=day_of("since", since),
        until="now" if until == "now" else day_of("until", until),
        as_of=None if as_of is None else instant_of(as_of, clock()),
        mapping=mapping,
        columns=columns,
        sandbox=sandbox,
        recordings=recordings,
        sandbox_rates=sandbox_rates,
        sandbox_faults=sandbox_faults,
        rates=rates or {},
        offline=offline,
        refresh=tuple(names_of(refresh) or ()),
        max_calls={ALL: max_calls} if isinstance(max_calls, int) else max_calls or {},
        timeout=timeout,
        mirror=mirrored(mirror),
        gate=gate or GateRules(),
        strict=strict,
        force_publish=force_publish,
        report=report,
    )
    return pipeline.run(options, load(plugins), variables, clock=clock)
