"""`python -m benchmarks.gate`: what contract and gate cost, to the warm run that has them."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import polars as pl
from attrs import evolve

from datalake.publish.candidate import Candidate
from datalake.publish.contract import check_contract
from datalake.publish.gate.judge import check_gate
from datalake.publish.layout import DATA, encode_data
from datalake.publish.published import Damaged, Foreign, Published, look
from datalake.publish.rows import height
from datalake.publish.trial import candidate_of
from datalake.rules import GateRules

from .__main__ import RUN, row
from .measure import cost, median

OUTPUT = "data.parquet"
#: 2,500 days before the instant of the runs.
SINCE = "2019-05-11"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=__doc__)
    parser.add_argument("--top", type=int, default=200, help="assets of a run [200]")
    parser.add_argument("--since", default=SINCE, help=f"a run's first day [{SINCE}]")
    parser.add_argument("--rounds", type=int, default=5, help="turns that each takes [5]")
    given = parser.parse_args()
    print("| what to what | base | measured | ratio |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [*RUN, "--top", str(given.top), "--since", given.since, "--output", OUTPUT]
        cost(command, folder)
        data = (folder / OUTPUT).read_bytes()
        turns = [(cost(command, folder), _checks(data)) for _ in range(given.rounds)]
    runs, checks = zip(*turns, strict=True)
    rows = height(candidate_of(data, OUTPUT).rows)
    what = f"contract and gate of {rows:,} rows to the warm run that made them"
    row(f"{what}: time", "s", median(runs).seconds, statistics.median(one for one, _ in checks))
    busy = statistics.median(busy for _, busy in checks)
    row(f"{what}: processors", "s", median(runs).busy, busy)


def _checks(data: bytes) -> tuple[float, float]:
    """Wall time and processor time of all checks, with the reading of what is published."""
    candidate = candidate_of(data, OUTPUT)
    published = encode_data(_the_day_before(candidate))
    started, busy = time.perf_counter(), time.process_time()
    before: Published | Damaged | Foreign = look(published, DATA)
    checks = check_contract(candidate)
    if isinstance(before, Foreign):
        raise SystemExit(before.what)
    checks += check_gate(candidate, before, GateRules())
    if any(check.level == "refused" for check in checks):
        raise SystemExit("\n".join(map(str, checks)))
    return time.perf_counter() - started, time.process_time() - busy


def _the_day_before(candidate: Candidate) -> Candidate:
    earlier = candidate.rows.filter(pl.col("date") < candidate.last_day)
    day = timedelta(days=1)
    return evolve(
        candidate, rows=earlier, last_day=candidate.last_day - day, as_of=candidate.as_of - day
    )


if __name__ == "__main__":
    main()
