"""How near a first run comes to what the rate limits allow, and what a plain loop makes of them.

`python -m benchmarks.saturation`: the sandbox enforces `--times` the limits of CoinGecko's demo
plan, of DefiLlama without a key and of LunarCrush's smallest plan, in real time. A run brings the
assets with an empty cache. With `--others` two programs then make the same calls: a loop over
`requests`, one after another, that waits as it is told when it is refused; and dlt's REST source
(`pip install dlt`). Times are from the first call to the last answer.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qsl

import requests
from attrs import frozen

from datalake.lake.origin import SANDBOX
from datalake.plugins import load
from datalake.running import pipeline
from datalake.running.options import Options
from datalake.running.tally import Tallies, Tally
from datalake.running.vendors import Vendors
from datalake_sandbox import Sandbox
from datalake_sandbox.limits import Limits

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
KEYS = {
    "COINGECKO_DEMO_API_KEY": "CG-demo",
    "COINGECKO_PLAN": "demo",
    "DEFILLAMA_PLAN": "free",
    "LUNARCRUSH_API_KEY": "individual",
    "LUNARCRUSH_PLAN": "individual",
}
HEADERS = {
    "api.coingecko.com": {"x-cg-demo-api-key": "CG-demo"},
    "lunarcrush.com": {"Authorization": "Bearer individual"},
}


@frozen
class Lane:
    """One provider's calls, and the seconds of them: as they were, and as the rate allows."""

    provider: str
    calls: int
    seconds: float
    bound: float
    refused: int


@contextmanager
def sandbox_of(times: float, counting: str) -> Iterator[Sandbox]:
    """The vendors, who enforce so many times their limits."""
    sandbox = Sandbox(NOW, rates="real", counting=counting)  # type: ignore[arg-type]
    sandbox.rate_scale = times
    sandbox._service._limits = Limits(times, counting)
    with sandbox:
        yield sandbox


def a_run(sandbox: Sandbox, top: int, folder: Path) -> list[Lane]:
    """A first run, by provider."""
    seen: list[Tallies] = []

    @contextmanager
    def watch(tallies: Tallies) -> Iterator[None]:
        seen.append(tallies)
        yield

    world = Vendors(
        SANDBOX, clock=lambda: NOW, origins=sandbox.hosts, rate_scale=sandbox.rate_scale
    )

    @contextmanager
    def vendors(options: Options, clock: Callable[[], datetime]) -> Iterator[Vendors]:
        yield world

    options = Options(cache="memory:", output=folder / "x.parquet", sandbox=True, top=top)
    with mock.patch.object(pipeline, "vendors", vendors):
        pipeline.run(options, load(), KEYS, progress=watch, clock=lambda: NOW)
    return [_lane(tally, sandbox.rate_scale) for tally in seen[0]]


def _lane(tally: Tally, times: float) -> Lane:
    client, name = tally.client, tally.provider
    asked = client.requests
    first = min(one.after for one in asked)
    last = max(one.after + one.seconds for one in asked)
    latency = sorted(one.seconds for one in asked)[len(asked) // 2]
    interval = client.plan.rate.interval / times
    refused = sum(one.status == 429 for one in asked)
    return Lane(name, len(asked), last - first, (len(asked) - 1) * interval + latency, refused)


def a_loop(sandbox: Sandbox, urls: Sequence[str]) -> tuple[float, int]:
    """The same calls one after another, each again as long as it is refused: seconds, refusals."""
    session = requests.Session()
    refused = 0
    began = time.perf_counter()
    for url in urls:
        host = url.partition("/")[0]
        while True:
            answer = session.get(f"{sandbox.url}/{url}", headers=HEADERS.get(host, {}), timeout=60)
            if answer.status_code != 429:
                break
            refused += 1
            time.sleep(float(answer.headers.get("Retry-After", 1)))
    return time.perf_counter() - began, refused


def with_dlt(sandbox: Sandbox, urls: Sequence[str]) -> tuple[float, int]:
    """The same calls by dlt's REST source, a source for each vendor: seconds, calls refused."""
    from dlt.sources.rest_api import rest_api_resources

    by_host: dict[str, list[str]] = {}
    for url in urls:
        host, _, path = url.partition("/")
        by_host.setdefault(host, []).append(path)
    began = time.perf_counter()
    for host, paths in by_host.items():
        client = {"base_url": f"{sandbox.url}/{host}/", "headers": HEADERS.get(host, {})}
        calls = [
            {
                "name": f"call_{number}",
                "endpoint": {
                    "path": path.partition("?")[0],
                    "params": dict(parse_qsl(path.partition("?")[2])),
                    "paginator": "single_page",
                    "data_selector": "$",
                    "response_actions": [
                        {"status_code": code, "action": "ignore"} for code in (400, 404)
                    ],
                },
            }
            for number, path in enumerate(paths)
        ]
        for resource in rest_api_resources({"client": client, "resources": calls}):
            for _ in resource:
                pass
    seconds = time.perf_counter() - began
    return seconds, sum(status == 429 for _, _, status in sandbox.requests)


def main() -> None:
    """Print a table for each way of counting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--top", type=int, default=200, help="how many assets")
    parser.add_argument("--times", type=float, default=20, help="so many times the real limits")
    parser.add_argument("--counting", default="bucket", help="sliding, fixed or bucket")
    parser.add_argument("--others", action="store_true", help="a plain loop and dlt, too")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with sandbox_of(chosen.times, chosen.counting) as sandbox:
            lanes = a_run(sandbox, chosen.top, Path(folder))
            urls = [url for _, url, status in sandbox.requests if status != 429]
            statuses = Counter(status for _, _, status in sandbox.requests)
        print("| what to what | base | measured | ratio |\n| --- | --- | --- | --- |")
        for one in lanes:
            print(
                f"| {one.provider} to its bound: seconds of {one.calls} calls | {one.bound:.2f} |"
                f" {one.seconds:.2f} | {one.seconds / one.bound:.3f} |"
            )
        whole = max(one.seconds for one in lanes)
        bound = max(one.bound for one in lanes)
        print(
            f"| all to the slowest one's bound: seconds | {bound:.2f} | {whole:.2f} |"
            f" {whole / bound:.3f} |"
        )
        print(f"\n{statuses[429]} of {sum(statuses.values())} calls were refused.")
        if chosen.others:
            for name, other in (("a loop over requests", a_loop), ("dlt", with_dlt)):
                with sandbox_of(chosen.times, chosen.counting) as sandbox:
                    seconds, refused = other(sandbox, urls)
                print(f"{name}: {seconds:.1f} s, {refused} refused", flush=True)


if __name__ == "__main__":
    main()
