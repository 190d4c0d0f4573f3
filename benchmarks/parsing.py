"""`python -m benchmarks.parsing`: what it costs to make series of the bytes that vendors send."""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path

import msgspec
import numpy as np
import requests

from datalake.cache import AssetCache, SeriesKey
from datalake.client import HttpClient, Throttle
from datalake.models import Rate, Window
from datalake.plugins import load
from datalake.secrets import Secret
from datalake.series import to_series
from datalake.stores.opening import open_store
from datalake_coingecko.market import Chart, table
from datalake_defillama.series import ProtocolBody, daily

from .__main__ import RUN, row
from .measure import cost, median

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
DAYS = 4_500
AT_ONCE = 8
_PROVIDER = load().providers["coingecko"]
_MARKET = _PROVIDER.dataset("market")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parsing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="turns that each takes [9]")
    parser.add_argument("--charts", type=int, default=200, help="charts to download [200]")
    parser.add_argument("--megabytes", type=int, default=20, help="size of /protocol [20]")
    parser.add_argument("--top", type=int, default=200, help="assets of a run [200]")
    given = parser.parse_args()
    print("| what to what | base | measured | ratio |\n| --- | --- | --- | --- |")
    chart = chart_body()
    compare("`market_chart` body to Arrow, to json.loads: processor", given.rounds,
            lambda: json.loads(chart), lambda: arrow(chart))  # fmt: skip
    protocol(given.megabytes, given.rounds)
    download(given.charts, given.rounds, chart)
    no_op(given.top, given.rounds)


def chart_body() -> bytes:
    """As CoinGecko's, of DAYS days."""
    walk = np.random.default_rng(7)
    stamps = [
        int((NOW - timedelta(days=n)).timestamp()) // 86_400 * 86_400_000 for n in range(DAYS)
    ]
    lists = ("prices", "market_caps", "total_volumes")
    points = {n: [[s, walk.random() * 1e9] for s in reversed(stamps)] for n in lists}
    return msgspec.json.encode(points)


def arrow(body: bytes) -> object:
    return to_series(_MARKET, table(msgspec.json.decode(body, type=Chart)), now=NOW).table


def protocol_body(megabytes: int) -> bytes:
    """As DefiLlama's: the wanted list beside tokens, chains and their breakdowns by day."""
    day = {f"TOKEN{n}": n * 1234.5678 for n in range(40)}
    wanted = [{"date": 86_400 * n, "totalLiquidityUSD": n * 1e5 + 0.25} for n in range(2_000)]
    size = len(msgspec.json.encode(day)) + 30
    tokens = [{"date": 86_400 * n, "tokens": day} for n in range(megabytes * 1_000_000 // size)]
    return msgspec.json.encode({"id": "1", "tokensInUsd": tokens, "tvl": wanted, "name": "X"})


def parse_protocol(body: bytes) -> object:
    points = msgspec.json.decode(body, type=ProtocolBody).tvl
    return daily("tvl", [(point.date, point.tvl) for point in points])


def protocol(megabytes: int, rounds: int) -> None:
    body = protocol_body(megabytes)
    what = f"`/protocol` body of {megabytes} MB to its TVL, to json.loads"
    base, ours = (lambda: json.loads(body)), (lambda: parse_protocol(body))
    compare(f"{what}: processor", rounds, base, ours)
    peaks = [beyond(body, way) for way in ("json", "tvl")]
    row(f"{what}: peak memory beyond the body", "MB", *peaks)


def beyond(body: bytes, way: str) -> float:
    """The megabytes that parsing adds to the peak of a process that holds the body."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_grown, (body, way)) / 1e6


def _grown(body: bytes, way: str) -> int:
    import resource

    parse_protocol(b'{"tvl": [{"date": 86400, "totalLiquidityUSD": 1.0}]}')  # loads what it needs
    _reset_peak()
    before = _peak() or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    value = json.loads(body) if way == "json" else parse_protocol(body)
    after = _peak() or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    del value
    return max(after - before, 1)


def _reset_peak() -> None:
    """Linux can forget the peak so far: what the process once held to get the body is none of
    the parser's business."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak() -> int:
    if sys.platform != "linux":
        return 0
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def download(charts: int, rounds: int, body: bytes) -> None:
    """Of all charts, as a run does it and by bare requests, from a server in another process."""
    with serving(body) as url, tempfile.TemporaryDirectory() as name:
        numbers = iter(range(10**6))
        what = f"{charts} charts downloaded, parsed and stored, to downloaded"
        compare(f"{what}: processor", max(1, rounds // 3), lambda: bare(url, charts),
                lambda: stored(url, charts, Path(name, str(next(numbers)))))  # fmt: skip


def bare(url: str, charts: int) -> None:
    with requests.Session() as session, ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda n: session.get(f"{url}/coins/{n}", timeout=30).content, range(charts)))


def stored(url: str, charts: int, folder: Path) -> None:
    window = Window(date(2013, 11, 20), NOW.date())
    cache = AssetCache(open_store(str(folder), {}), clock=lambda: NOW)
    client = HttpClient(
        _PROVIDER,
        next(plan for plan in _PROVIDER.plans if plan.key and "pro-api" in plan.base_url),
        Secret("x", "X"),
        clock=lambda: NOW,
        origins={"https://pro-api.coingecko.com": url},
        throttle=Throttle(Rate(10**7)),
    )

    def one(number: int) -> None:
        key = SeriesKey("coingecko", "market", str(number))
        fetch = lambda window: _MARKET.fetch(str(number), window, client)  # noqa: E731
        cache.get_or_fetch(key, _MARKET, str(number), window, window, fetch)

    with client, ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, range(charts)))


@contextmanager
def serving(body: bytes) -> Iterator[str]:
    """An address that answers everything with this body, from a process of its own."""
    context = get_context("spawn")
    ports = context.Queue()
    server = context.Process(target=_serve, args=(body, ports), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{ports.get(timeout=60)}"
    finally:
        server.terminate()
        server.join()


def _serve(body: bytes, ports) -> None:  # type: ignore[no-untyped-def]  # a queue of some context
    packed = gzip.compress(body)  # as all three vendors send it

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(packed)))
            self.end_headers()
            self.wfile.write(packed)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ports.put(server.server_address[1])
    server.serve_forever()


def no_op(top: int, rounds: int) -> None:
    """A run that finds all published already, against one that has only the cache."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [*RUN, "--top", str(top), "--cache", "lake", "--output"]
        cost([*command, "first.parquet"], folder)
        turns = [
            (cost([*command, f"{n}.parquet"], folder), cost([*command, "first.parquet"], folder))
            for n in range(max(1, rounds // 3))
        ]
    warm, again = (median(costs) for costs in zip(*turns, strict=True))
    what = f"run of {top} assets with nothing new to the same that aggregates and publishes"
    row(f"{what}: time", "s", warm.seconds, again.seconds)
    row(f"{what}: processors", "s", warm.busy, again.busy)


def compare(
    what: str, rounds: int, base: Callable[[], object], measured: Callable[[], object]
) -> None:
    """The cheapest turn of each of two things that take turns."""
    base(), measured()
    turns = [(busy(base), busy(measured)) for _ in range(rounds)]
    row(what, "ms", *(min(ones) * 1e3 for ones in zip(*turns, strict=True)))


def busy(call: Callable[[], object]) -> float:
    """The seconds that this process computed."""
    gc.collect()
    begun = time.process_time()
    call()
    return time.process_time() - begun


if __name__ == "__main__":
    main()
