"""`python -m benchmarks.sharing`: what the shared cache saves, on a folder and on a bucket."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .__main__ import DATALAKE, row
from .measure import Cost, cost

ROOT = Path(__file__).resolve().parent.parent
#: Seconds from a request to a bucket in the next region to its answer.
LATENCY = 0.04
DAY, NEXT_DAY = "2026-03-15T10:30Z", "2026-03-16T10:30Z"


class Ran(NamedTuple):
    """What one run cost: itself, and of the vendors calls and, by name, megabytes."""

    cost: Cost
    calls: int
    megabytes: Mapping[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sharing", description=__doc__)
    parser.add_argument("--top", type=int, default=200, help="assets of the first pipeline [200]")
    parser.add_argument("--since", help="a run's first day [all that the plans offer]")
    parser.add_argument("--rates", choices=["fast", "real"], default="fast", help="[fast]")
    parser.add_argument("--only", choices=["folder", "bucket"], help="[both]")
    given = parser.parse_args()
    more = ["--sandbox-rates", given.rates, *(("--since", given.since) if given.since else ())]
    print("| what to what | base | measured | ratio |\n| --- | --- | --- | --- |")
    if given.only != "bucket":
        with tempfile.TemporaryDirectory() as name:
            pipelines("folder", str(Path(name, "lake")), Path(name), given.top, more)
    if given.only != "folder":
        with tempfile.TemporaryDirectory() as name, bucket():
            pipelines("bucket", "gs://lake", Path(name), given.top, more)


def pipelines(kind: str, url: str, place: Path, top: int, more: Sequence[str]) -> None:
    """A first run, the same again, the next day, and a second pipeline on another machine of
    which four fifths of the assets are the first one's."""
    first = run(url, place / "first", top, DAY, more)
    same = run(url, place / "first", top, DAY, more)
    wider = run(url, place / "second", top + top // 4, DAY, more)
    tomorrow = run(url, place / "first", top, NEXT_DAY, more)
    for name, ran in {
        "the same again": same,
        "a second pipeline, 4/5 the same": wider,
        "the next day": tomorrow,
    }.items():
        what = f"{kind}: {name} to the first run"
        row(f"{what}: calls", "", first.calls, ran.calls)
        for vendor, megabytes in first.megabytes.items():
            row(f"{what}: bytes of {vendor}", "MB", megabytes, ran.megabytes[vendor])
        row(f"{what}: time", "s", first.cost.seconds, ran.cost.seconds)
        row(f"{what}: time of the processors", "s", first.cost.busy, ran.cost.busy)
    row(
        f"{kind}: the same again to the first run: peak memory",
        "MB",
        first.cost.megabytes,
        same.cost.megabytes,
    )


def run(url: str, folder: Path, top: int, as_of: str, more: Sequence[str]) -> Ran:
    """One run of the main job by a machine with a folder of its own."""
    folder.mkdir(exist_ok=True)
    report = folder / "report.json"
    command = [DATALAKE, "run", "--sandbox", "--quiet", "--as-of", as_of, "--top", str(top)]
    places = ["--cache", url, "--output", str(folder / "data.parquet"), "--report", str(report)]
    measured = cost([*command, *places, *more], folder)
    providers = json.loads(report.read_text(encoding="utf-8"))["providers"]
    calls = sum(one["calls"] for one in providers.values())
    return Ran(measured, calls, {name: one["bytes"] / 1e6 for name, one in providers.items()})


@contextmanager
def bucket() -> Iterator[None]:
    """A bucket `lake` whose every request takes LATENCY, for this process and those it starts."""
    server = [sys.executable, str(ROOT / "tests" / "fake_gcs"), "--bucket", "lake"]
    with subprocess.Popen(
        [*server, "--latency", str(LATENCY)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        os.environ["STORAGE_EMULATOR_HOST"] = process.stdout.readline().decode().strip()
        try:
            yield
        finally:
            del os.environ["STORAGE_EMULATOR_HOST"]
            process.stdin.close()


if __name__ == "__main__":
    main()
