"""How near a first run comes to what the rate limits allow, and what others make of them.

`python -m benchmarks.saturation`: the sandbox enforces `--times` the limits of CoinGecko's demo
plan, of DefiLlama without a key and of LunarCrush's smallest plan, in real time. A run brings the
assets with an empty cache. With `--others` two programs then make the same calls: a loop over
`requests`, one after another, that waits as it is told when it is refused; and dlt's REST source
(`pip install dlt`). Each program has a process of its own, and the vendors have another.

At the real limits every interval is so many times longer, and all else takes as long as here: what
a run loses beside the intervals is the same number of seconds, and so a smaller part of the whole.
That the pace itself keeps to the rate at any scale, and is never refused, is tested on a simulated
clock for every plan (`tests/client/test_saturation.py`).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from datalake_sandbox import Sandbox
from datalake_sandbox.limits import Limits

from .first_run import NOW
from .measure import Cost, cost

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def sandbox_of(times: float, counting: str) -> Iterator[Sandbox]:
    """The vendors, who enforce so many times their limits."""
    sandbox = Sandbox(NOW, rates="real", counting=counting)  # type: ignore[arg-type]
    sandbox.rate_scale = times
    sandbox._service._limits = Limits(times, counting)
    with sandbox:
        yield sandbox


def refused(sandbox: Sandbox) -> str:
    """How many of all calls so far were refused, in words."""
    statuses = Counter(status for _, _, status in sandbox.requests)
    return f"{statuses[429]} of {sum(statuses.values())}"


def a_run(sandbox: Sandbox, top: int, folder: Path) -> tuple[list[dict[str, Any]], Cost]:
    """A first run: by provider what its calls took, and what all of it cost."""
    given, result = folder / "given.json", folder / "result.json"
    facts = {"origins": sandbox.hosts, "times": sandbox.rate_scale, "top": top}
    given.write_text(json.dumps(facts), encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.first_run", str(given), str(result)]
    spent = cost(command, ROOT, folder / "output.txt")
    return json.loads(result.read_text(encoding="utf-8")), spent


def others(times: float, counting: str, urls: list[str], folder: Path) -> Iterator[list[str]]:
    """A row of cells for each of the other programs."""
    calls = folder / "calls.txt"
    calls.write_text("\n".join(urls), encoding="utf-8")
    program = str(ROOT / "benchmarks" / "byhand" / "calls.py")
    for name, way in (("a loop over `requests`", "loop"), ("dlt", "dlt")):
        with sandbox_of(times, counting) as sandbox:
            command = [sys.executable, program, way, sandbox.url, str(calls)]
            yield cells(name, sandbox, cost(command, folder))


def cells(name: str, sandbox: Sandbox, spent: Cost) -> list[str]:
    return [name, f"{spent.seconds:.1f} s", refused(sandbox), f"{spent.megabytes:.0f} MB"]


def row(*told: str) -> None:
    print("|", " | ".join(told), "|", flush=True)


def bounds(lanes: list[dict[str, Any]]) -> None:
    """The table of the providers."""
    row("what to what", "base", "measured", "ratio")
    row("---", "---", "---", "---")
    slowest = {name: max(one[name] for one in lanes) for name in ("seconds", "bound")}
    whole = {"provider": "all", "calls": sum(one["calls"] for one in lanes), **slowest}
    for one in [*lanes, whole]:
        what = f"{one['provider']} to its bound: seconds of {one['calls']} calls"
        if one is whole:
            what = f"all to the slowest one's bound: seconds of {one['calls']} calls"
        ratio = one["seconds"] / one["bound"]
        row(what, f"{one['bound']:.2f}", f"{one['seconds']:.2f}", f"{ratio:.3f}")


def main() -> None:
    """Print the providers' times, and then what each program took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--top", type=int, default=200, help="how many assets")
    parser.add_argument("--times", type=float, default=20, help="so many times the real limits")
    parser.add_argument("--counting", default="bucket", help="sliding, fixed or bucket")
    parser.add_argument("--others", action="store_true", help="a plain loop and dlt, too")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with sandbox_of(chosen.times, chosen.counting) as sandbox:
            lanes, spent = a_run(sandbox, chosen.top, folder)
            urls = [url for _, url, status in sandbox.requests if status != 429]
            ours = cells("`datalake run`", sandbox, spent)
        bounds(lanes)
        print()
        row("program", "time", "refused", "peak memory")
        row("---", "---", "---", "---")
        row(*ours)
        if chosen.others:
            for told in others(chosen.times, chosen.counting, urls, folder):
                row(*told)


if __name__ == "__main__":
    main()
