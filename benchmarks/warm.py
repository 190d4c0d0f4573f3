"""`python -m benchmarks.warm`: reading a warm cache, against the least that it can cost."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timezone
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import requests

from datalake.cache import AssetCache, Found, SeriesKey
from datalake.lake.origin import SANDBOX, claim
from datalake.models import DAY, Asset, Dataset, Window
from datalake.plugins import load
from datalake.running.fetching.lane import FEWEST as WORKERS
from datalake.running.universe.archive import TOP, archive
from datalake.running.universe.assets import CanonicalAsset, Universe
from datalake.stores import Store, open_store
from datalake.stores.mirror import AT_ONCE, MirroredStore

from .__main__ import DATALAKE, row
from .measure import cost
from .sharing import bucket

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
DAYS = 2500
ROOMY = 1 << 34
DATASETS = (
    *("coingecko.market", "coingecko.ohlc", "lunarcrush.social"),
    *("defillama.chain_tvl", "defillama.protocol_tvl", "defillama.dex_volume"),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.warm", description=__doc__)
    parser.add_argument("--assets", type=int, default=200, help="assets of the lake [200]")
    parser.add_argument("--rounds", type=int, default=5, help="turns that each takes [5]")
    parser.add_argument("--times", type=int, default=10, help="the larger lake for memory [10]")
    given = parser.parse_args()
    print("| what to what | base | measured | ratio |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name, bucket():
        reading(Path(name), given.assets, given.rounds)
    memory(given.assets, given.times)


def reading(place: Path, assets: int, rounds: int) -> None:
    """All datasets of all assets: from the bucket, and from what was mirrored of it."""
    far = open_store("gs://lake", {})
    keys = fill(far, assets, DATASETS)
    number = iter(range(1000))

    def from_bucket() -> None:
        read(MirroredStore(far, place / f"mirror-{next(number)}", ROOMY), keys)

    def download() -> None:
        store = MirroredStore(far, place / f"mirror-{next(number)}", ROOMY)
        AssetCache(store, clock=lambda: NOW).survey(keys)

    mirrored = MirroredStore(far, place / "mirror", ROOMY)
    mirrored.warm(list(far.list("series/")))
    copies = [mirrored._path(key.path) for key in keys]
    plain = place / "plain"
    plain.mkdir()
    for count, path in enumerate(copies):
        (plain / str(count)).write_bytes(path.read_bytes().partition(b"\n")[2])
    what = f"{len(keys):,} series"
    compare(f"{what} downloaded, to one list and bare gets", rounds, bare, download)
    compare(f"{what} downloaded and checked, to the same", rounds, bare, from_bucket)
    survey = AssetCache(mirrored, clock=lambda: NOW).survey(keys)
    ways: dict[str, Callable[[Path], object]] = {
        "pyarrow's read_table": pq.read_table,
        "pyarrow's quickest way": lambda path: pq.ParquetFile(path).read(use_threads=False),
    }
    for name, way in ways.items():
        compare(
            f"{what} from the mirror to {name}",
            rounds,
            lambda way=way: [way(path) for path in plain.iterdir()],
            lambda: found(survey, keys),
        )


def bare() -> None:
    """The same objects by nothing but HTTP requests, as many at once."""
    host = os.environ["STORAGE_EMULATOR_HOST"]
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=AT_ONCE))
    names, token = [], ""
    while token is not None:
        query = {"prefix": "series/", "pageToken": token}
        page = session.get(f"{host}/storage/v1/b/lake/o", params=query, timeout=30).json()
        names += [item["name"] for item in page["items"]]
        token = page.get("nextPageToken")
    urls = [f"{host}/download/storage/v1/b/lake/o/{quote(n, safe='')}?alt=media" for n in names]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        bodies = pool.map(lambda url: session.get(url, timeout=30).content, urls)
        assert all(body.startswith(b"PAR1") for body in bodies)


def read(store: Store, keys: list[SeriesKey]) -> None:
    """As a run does: once all is here, several threads check and hand over the series."""
    cache = AssetCache(store, clock=lambda: NOW).survey(keys)
    with ThreadPoolExecutor(WORKERS) as pool:
        assert all(pool.map(lambda key: isinstance(cache.find(key, dataset(key)), Found), keys))


def found(cache: AssetCache, keys: list[SeriesKey]) -> None:
    assert all(isinstance(cache.find(key, dataset(key)), Found) for key in keys)


def dataset(key: SeriesKey) -> Dataset:
    return _PROVIDERS[key.provider].dataset(key.dataset)


_PROVIDERS = load().providers


def memory(assets: int, times: int) -> None:
    """A warm, offline run over a lake of made-up series, and over one so many times as large."""
    base, large = (_offline(count) for count in (assets, assets * times))
    what = f"warm run of {assets * times:,} assets to one of {assets}"
    row(f"{what}: rows", "", base[0], large[0])
    row(f"{what}: peak memory", "MB", base[1].megabytes, large[1].megabytes)
    row(f"{what}: time", "s", base[1].seconds, large[1].seconds)


def _offline(assets: int):  # type: ignore[no-untyped-def]  # rows and a Cost
    with tempfile.TemporaryDirectory() as name:
        store = open_store(f"{name}/lake", {})
        claim(store, SANDBOX)
        fill(store, assets, DATASETS[:3])
        listed = [Asset(f"asset-{number}", "x", "x", 1e9, 1.0) for number in range(assets)]
        universe = [CanonicalAsset(a.id, n, a, [a.id]) for n, a in enumerate(listed, start=1)]
        archive(store, Universe(NOW, universe), TOP)
        command = [DATALAKE, "run", "--sandbox", "--offline", "--quiet", "--top", str(assets)]
        places = ["--as-of", "2026-03-15T10:30Z", "--cache", f"{name}/lake", "--report", "r.json"]
        spent = cost([*command, *places, "--output", "x.parquet"], Path(name))
        report = json.loads(Path(name, "r.json").read_text(encoding="utf-8"))
        return report["output"]["rows"], spent


def fill(store: Store, assets: int, datasets: tuple[str, ...]) -> list[SeriesKey]:
    """Made-up series of DAYS days, as any pipeline may put them there."""
    last = NOW.date() - DAY
    window = Window(last - (DAYS - 1) * DAY, last + DAY)
    cache = AssetCache(store, clock=lambda: NOW)
    keys = [
        SeriesKey(*name.split("."), f"asset-{number}")
        for number in range(assets)
        for name in datasets
    ]

    def put(key: SeriesKey) -> None:
        cache.put(key, dataset(key), key.asset, series(dataset(key), window), window)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(put, keys))
    return keys


def series(made: Dataset, window: Window) -> pa.Table:
    walk = np.abs(np.cumsum(np.random.default_rng(7).normal(size=window.days))) % 90 + 1
    start = (window.start - date(1970, 1, 1)).days
    days = pa.array(np.arange(start, start + window.days, dtype=np.int32)).cast(pa.date32())
    kinds = {"double": pa.float64(), "int64": pa.int64()}
    return pa.table(
        {
            "date": days,
            **{
                name: pa.array(walk.astype(np.int64) if column.type == "int64" else walk).cast(
                    kinds[column.type]
                )
                for name, column in made.columns.items()
            },
        }
    )


def compare(
    what: str, rounds: int, base: Callable[[], object], measured: Callable[[], object]
) -> None:
    """The fastest turn of each of two things that take turns: what else the machine does makes
    both slower, but not alike."""
    base(), measured()
    turns = [(timed(base), timed(measured)) for _ in range(rounds)]
    for name, place in (("time", 0), ("time of the processor", 1)):
        row(
            f"{what}: {name}",
            "ms",
            *(min(one[place] for one in ones) * 1e3 for ones in zip(*turns, strict=True)),
        )


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the wall, and those that this process computed."""
    wall, busy = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - busy


if __name__ == "__main__":
    main()
