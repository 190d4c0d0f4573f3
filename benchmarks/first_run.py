"""A first run against vendors who are elsewhere: `python -m benchmarks.first_run GIVEN RESULT`.

Both are JSON files. The first one has the vendors' `origins`, `times` as how many of their limits
they enforce, and how many assets (`top`); the other gets for each provider what its calls took.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from unittest import mock

from datalake.lake.origin import SANDBOX
from datalake.plugins import load
from datalake.running import opening, pipeline
from datalake.running.options import Options
from datalake.running.tally import Tallies, Tally
from datalake.running.vendors import Vendors

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
KEYS = {
    "COINGECKO_DEMO_API_KEY": "CG-demo",
    "COINGECKO_PLAN": "demo",
    "DEFILLAMA_PLAN": "free",
    "LUNARCRUSH_API_KEY": "individual",
    "LUNARCRUSH_PLAN": "individual",
}


def first_run(origins: dict[str, str], times: float, top: int) -> list[dict[str, Any]]:
    """By provider its `calls`, the `seconds` from the first to the last answer and the `bound` of
    these: all calls at the whole rate, and one latency."""
    seen: list[Tallies] = []
    world = Vendors(SANDBOX, clock=lambda: NOW, origins=origins, rate_scale=times)

    @contextmanager
    def watch(tallies: Tallies) -> Iterator[None]:
        seen.append(tallies)
        yield

    @contextmanager
    def vendors(options: Options, clock: Callable[[], datetime]) -> Iterator[Vendors]:
        yield world

    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "x.parquet")
        options = Options(cache=f"{folder}/lake", output=output, sandbox=True, top=top)
        with mock.patch.object(opening, "vendors", vendors):
            pipeline.run(options, load(), KEYS, progress=watch, clock=lambda: NOW)
    return [_lane(tally, times) for tally in seen[0]]


def _lane(tally: Tally, times: float) -> dict[str, Any]:
    client = tally.client
    asked = client.requests
    first = min(one.after for one in asked)
    last = max(one.after + one.seconds for one in asked)
    latency = sorted(one.seconds for one in asked)[len(asked) // 2]
    interval = client.plan.rate.interval / times
    bound = (len(asked) - 1) * interval + latency
    return {
        "provider": tally.provider,
        "calls": len(asked),
        "seconds": last - first,
        "bound": bound,
    }


if __name__ == "__main__":
    given, result = map(Path, sys.argv[1:])
    lanes = first_run(**json.loads(given.read_text(encoding="utf-8")))
    result.write_text(json.dumps(lanes), encoding="utf-8")
