"""`python -m benchmarks.aggregation`: a whole lake folded, against queries written by hand."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from .__main__ import DATALAKE, row
from .measure import Cost, cost, median

HERE = Path(__file__).parent
#: Of each dataset: how many days, every how many-th asset has it, and its columns.
DATASETS = {
    ("coingecko", "market"): (4500, 1, ("price", "market_cap", "volume")),
    ("defillama", "chain_tvl"): (2500, 3, ("tvl",)),
    ("lunarcrush", "social"): (2000, 2, ("galaxy_score", "sentiment")),
}
LAST = 20_527  # 2026-03-15, in days since 1970


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.aggregation", description=__doc__)
    parser.add_argument("--assets", type=int, default=300, help="assets of the small lake [300]")
    parser.add_argument("--times", type=int, default=0, help="and of a lake so many times as large")
    parser.add_argument("--rounds", type=int, default=5, help="turns on the small lake [5]")
    parser.add_argument("--lakes", type=Path, help="where to keep the lakes [a temporary folder]")
    parser.add_argument("--spark", action="store_true", help="also fold the larger lake on Spark")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = given.lakes or Path(name)
        print("| what to what | base | measured | ratio |\n| --- | --- | --- | --- |")
        small = make_lake(place / f"lake{given.assets}", given.assets)
        ours = contest(small, given.assets, given.rounds, ("polars", "duckdb", "pandas"))
        if given.times:
            many = given.assets * given.times
            large = make_lake(place / f"lake{many}", many)
            theirs = contest(large, many, 1, ("polars", "duckdb"))
            what = f"{many:,} assets to {given.assets}"
            row(f"{what}: time", "s", ours.seconds, theirs.seconds)
            row(f"{what}: processor", "s", ours.busy, theirs.busy)
            row(f"{what}: peak memory", "MB", ours.megabytes, theirs.megabytes)
            if given.spark:
                measured = fold(large, "spark", place / "spark")
                row(
                    f"{many:,} assets: Spark to Polars: time", "s", theirs.seconds, measured.seconds
                )
                check_same(place / "spark", large / "ours")


def contest(lake: Path, assets: int, rounds: int, rivals: tuple[str, ...]) -> Cost:
    """`datalake aggregate` and the rivals take turns; returns what ours cost.

    The first turn is not counted: it shows that all programs give the same cells.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in ("ours", *rivals)}
    for turn in range(rounds + 1):
        ours = fold(lake, "polars", lake / "ours")
        theirs = {name: by_hand(name, lake) for name in rivals}
        if not turn:
            for name in rivals:
                check_same(lake / f"{name}.parquet", lake / "ours")
            continue
        for name, one in {"ours": ours, **theirs}.items():
            costs[name].append(one)
    own, *others = map(median, costs.values())
    for name, other in zip(rivals, others, strict=True):
        what = f"{assets:,} assets: `datalake aggregate` to {name} by hand"
        row(f"{what}: time", "s", other.seconds, own.seconds)
        row(f"{what}: processor", "s", other.busy, own.busy)
        row(f"{what}: peak memory", "MB", other.megabytes, own.megabytes)
    return own


def by_hand(name: str, lake: Path) -> Cost:
    """Run one of the programs that were written by hand."""
    script = str(HERE / "byhand" / f"with_{name}.py")
    return cost([sys.executable, script, str(lake), str(lake / f"{name}.parquet")], lake)


def fold(lake: Path, engine: str, output: Path) -> Cost:
    """Fold the lake by the command that is measured."""
    for old in output.rglob("*"):
        old.unlink()
    if output.exists():
        output.rmdir()
    command = [DATALAKE, "aggregate", "--engine", engine, "--cache", str(lake)]
    return cost([*command, "--mapping", str(lake / "mapping.yaml"), "--output", str(output)], lake)


def check_same(theirs: Path, ours: Path) -> None:
    """End the benchmark unless both hold the same cells, up to the last bits of sums.

    Of a million cells one may differ: where no variant's volume is known, the fold takes the one
    that the mapping has first, and a program by hand any.
    """
    one, other = (
        pl.read_parquet(path if path.is_file() else f"{path}/*.parquet") for path in (theirs, ours)
    )
    if one.height != other.height:
        raise SystemExit(f"{theirs} has {one.height:,} rows and {ours} {other.height:,}")
    apart = {name: _apart(one[name], other[name]) for name in one.columns}
    if any(count > (one.height // 1_000_000) for count in apart.values()):
        raise SystemExit(f"{theirs} and {ours} differ in so many cells: {apart}")
    cells = sum(apart.values())
    print(f"{theirs.name}: {one.height:,} rows, of which {cells} differ", file=sys.stderr)


def _apart(one: pl.Series, other: pl.Series) -> int:
    if not one.dtype.is_float():
        return int((one.cast(other.dtype) != other).sum())
    near = (one - other).abs() <= 1e-15 * one.abs()
    alike = near.fill_null(False) | (one.is_null() & other.is_null())
    return int((~alike).sum())


def make_lake(root: Path, assets: int) -> Path:
    """Series in the layout of the cache; two fifths of the assets in groups of four."""
    if not (root / "mapping.yaml").exists():
        with ProcessPoolExecutor() as pool:
            list(pool.map(make_series, [root] * assets, range(assets), chunksize=50))
        groups = [range(first, first + 4) for first in range(0, assets * 2 // 5, 4)]
        text = "version: 1\nassets:\n" + "".join(
            f"  {_name(a)}: {{wrapped: [{_name(b)}, {_name(c)}], bridged: [{_name(d)}]}}\n"
            for a, b, c, d in groups
        )
        (root / "mapping.yaml").write_text(text, encoding="utf-8")
        members = [
            (_name(one), _name(group[0]), one == group[0]) for group in groups for one in group
        ]
        pl.DataFrame(
            members, schema=["asset", "canonical_id", "native"], orient="row"
        ).write_parquet(root / "members.parquet")
    return root


def make_series(root: Path, number: int) -> None:
    """One asset's series; the members of a group share a price, but for a little noise.

    A tenth of the natives have no market of their own, and a fifth of the last members stray from
    their natives every now and then: for a day or for months, and once until the last day.
    """
    rng = np.random.default_rng(number)
    group = np.random.default_rng(number // 4 + 1_000_000)
    for (provider, dataset), (days, every, columns) in DATASETS.items():
        if number % every or (dataset == "market" and number % 40 == 0):
            continue
        table = {"date": pa.array(np.arange(LAST - days, LAST, dtype=np.int32)).cast(pa.date32())}
        for name in columns:
            values = rng.gamma(2, 1e6, days)
            if name == "price":
                values = np.exp(np.cumsum(group.normal(0, 0.03, days))) * rng.normal(1, 0.005, days)
                if number % 20 == 7:
                    values[::97] *= 1.2
                    values[1000:1200] *= 0.5
                    values[-30:] *= 0.2
            table[name] = pa.array(values, mask=rng.random(days) < 0.01)
        table["observed_at"] = pa.array(np.zeros(days, np.int64)).cast(pa.timestamp("us", "UTC"))
        folder = root / f"series/v1/provider={provider}/dataset={dataset}/asset={_name(number)}"
        folder.mkdir(parents=True)
        pq.write_table(
            pa.table(table), folder / "series.parquet", compression="zstd", use_dictionary=False
        )


def _name(number: int) -> str:
    return f"asset-{number:05d}"


if __name__ == "__main__":
    os.nice(10)
    main()
