"""`python -m benchmarks.publishing`: what publishing costs, against writing the file once."""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import polars as pl
from attrs import evolve

from datalake.publish import (
    STANDARD,
    AssetNote,
    Candidate,
    ColumnNote,
    Place,
    check_output,
    open_place,
    publish,
)
from datalake.publish.layout import encode_data

from .__main__ import row
from .sharing import bucket

AS_OF = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
LAST_DAY = date(2026, 3, 14)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.publishing", description=__doc__)
    parser.add_argument("--assets", type=int, default=200, help="assets of the file [200]")
    parser.add_argument("--days", type=int, default=2500, help="days of each [2500]")
    parser.add_argument("--rounds", type=int, default=7, help="turns that each takes [7]")
    given = parser.parse_args()
    one = candidate(given.assets, given.days)
    print("| what to what | base | measured | ratio |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name, bucket():
        places = {
            "a disk": open_place(Path(name, "user_facing_data.parquet"), {}, {}),
            "a bucket": open_place("gs://lake/user_facing_data.parquet", {}, os.environ),
        }
        turns: dict[str, list[float]] = {what: [] for what in ("base", *places)}
        for at in range(given.rounds + 1):  # the first of each finds nothing to compare with
            now = evolve(one, as_of=AS_OF + timedelta(hours=at))
            turns["base"].append(timed(write, now, Path(name, "base.parquet")))
            for what, place in places.items():
                turns[what].append(timed(publication, now, place))
    base, *measured = (statistics.median(times[1:]) for times in turns.values())
    for what, seconds in zip(places, measured, strict=True):
        row(f"publication to {what} to one write of the file: time", "s", base, seconds)


def candidate(assets: int, days: int) -> Candidate:
    """Random walks: as many digits as real values have."""
    ids = [f"asset-{at:04}" for at in range(assets)]
    chance = np.random.default_rng(20260315)
    steps = chance.normal(0, 0.02, (len(STANDARD) - 2, assets, days))
    walks = np.exp(np.cumsum(steps, axis=2)).reshape(len(STANDARD) - 2, -1)
    dates = [LAST_DAY - timedelta(days=days - 1 - day) for day in range(days)]
    columns = {
        name: np.minimum(50 * walk, 100) if name.startswith("lc_") else 1000 * walk
        for name, walk in zip(STANDARD[2:], walks, strict=True)
    }
    keys = {"date": dates * assets, "canonical_id": np.repeat(ids, days)}
    ends = dict.fromkeys(columns, LAST_DAY)
    return Candidate(
        rows=pl.DataFrame({**keys, **columns}),
        assets=[AssetNote(name, rank=rank, freshness=ends) for rank, name in enumerate(ids, 1)],
        columns=[ColumnNote(name, "USD", name, name, "", "", LAST_DAY) for name in columns],
        as_of=AS_OF,
        last_day=LAST_DAY,
        synthetic=True,
        mapping_sha256="",
    )


def write(one: Candidate, path: Path) -> None:
    """What a program would do that knows nothing of readers, crashes and rivals."""
    path.write_bytes(encode_data(one))


def publication(one: Candidate, place: Place) -> None:
    """All that a run does with its rows: check, compare, version, pointer, copies."""
    check_output(place, synthetic=True)
    outcome = publish(one, place)
    assert outcome.new, outcome.checks


def timed(work: Callable[..., None], *what: object) -> float:
    started = time.perf_counter()
    work(*what)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
