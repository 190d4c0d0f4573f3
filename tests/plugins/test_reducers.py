"""A reducer that a third-party package brings: named in a mapping, it makes a published column."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import polars as pl
import pytest
from attrs import evolve

from datalake.exits import Exit
from datalake.explaining.explain import explain
from datalake.explaining.published import read_file
from datalake.plugins import load
from datalake.publish.place import LocalPlace
from datalake.running.options import Options
from datalake.running.pipeline import run
from datalake.stores import open_store
from datalake_aggregation import aggregate, load_mapping, parse_mapping

SPREAD = """
import narwhals.stable.v2 as nw
from datalake import hookimpl

def spread(rows, column):
    found = rows.group_by("date", "canonical_id").agg(
        nw.col(column).max().alias("high"), nw.col(column).min().alias("low"))
    return found.select("date", "canonical_id", (nw.col("high") - nw.col("low")).alias(column))

def lowest(rows, column):
    return rows.group_by("date", "canonical_id").agg(nw.col(column).min())

@hookimpl
def register_reducers():
    return {"spread": spread, "lowest": lowest}
"""

MINE = """\
version: 1
columns:
  spread: {source: coingecko.market.price, reduce: spread, of: members}
  lowest: {source: coingecko.market.price, reduce: lowest, of: members}
  highest: {source: coingecko.market.price, max: members}
"""

Install = Callable[..., None]


@pytest.fixture
def options(tmp_path: Path) -> Options:
    """A small run in the sandbox with the columns of `MINE`."""
    mapping = tmp_path / "mine.yaml"
    mapping.write_text(MINE)
    return Options(
        cache="memory:",
        output=tmp_path / "data.parquet",
        mapping=mapping,
        columns="extended",
        sandbox=True,
        as_of=datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc),
        since=datetime(2026, 2, 15, tzinfo=timezone.utc).date(),
        assets=("bitcoin", "monero"),
    )


def test_a_plugins_reducer_reaches_the_output(install: Install, options: Options) -> None:
    """Installed, named in the user's mapping, and there it is: for families and lone assets."""
    install("acme_spread", SPREAD)
    run(options, load(), {})
    rows = pl.read_parquet(options.output)
    apart = pl.col("highest") - pl.col("lowest") - pl.col("spread")
    assert rows.select(apart.abs().max()).item() == 0
    spreads = dict(rows.group_by("canonical_id").agg(pl.col("spread").max()).iter_rows())
    assert spreads["bitcoin"] > 0
    assert spreads["monero"] == 0


def test_a_reducer_that_fails_costs_only_its_column(install: Install, options: Options) -> None:
    """All else is published, and the run says which reducer did what."""
    install("acme_spread", SPREAD.replace("    found = rows", "    1 / 0\n    found = rows", 1))
    result = run(options, load(), {})
    assert result.exit is Exit.DEGRADED
    assert 'the reducer "spread" of the column "spread" failed: ZeroDivisionError' in (
        result.report.message
    )
    rows = pl.read_parquet(options.output)
    assert rows["spread"].is_null().all()
    assert rows.select(pl.col("close", "lowest", "highest").null_count()).row(0) == (0, 0, 0)


@pytest.mark.parametrize("which", ["bitcoin", "monero"])
def test_a_reducer_that_failed_is_the_explanation(
    which: str, install: Install, options: Options, tmp_path: Path
) -> None:
    """Of the whole column, though it was another asset's rows that it failed at; of no other."""
    wrong = f"    if '{which}' in set(rows['canonical_id']): raise KeyError('no luck')"
    install("acme_spread", SPREAD.replace("    found = rows", f"{wrong}\n    found = rows", 1))
    options = evolve(options, cache=str(tmp_path / "lake"))
    run(options, load(), {})
    file, store = read_file(LocalPlace(Path(options.output))), open_store(options.cache, {})
    found = explain(file, store, load(), "bitcoin", "spread", None)
    assert (found.published, found.cell.value, found.equal) == (None, None, True)
    assert 'the reducer "spread" of the column "spread" failed' in (found.cell.note or "")
    assert not any(part.entered for part in found.cell.members)
    assert explain(file, store, load(), "bitcoin", "highest", None).equal


def test_two_reducers_of_one_name_are_both_refused(install: Install) -> None:
    """Neither is silently the right one."""
    install("acme_spread", SPREAD)
    install("acme_other", SPREAD)
    registry = load()
    assert registry.reducers == {}
    for plugin in registry.broken:
        assert "reducer 'spread', reducer 'lowest' is also brought by" in (plugin.error or "")
    assert len(registry.broken) == 2


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("return rows.group_by('x').agg(nw.len())", "failed: "),
        ("raise KeyError('no luck')", "failed: KeyError: 'no luck'"),
        ("raise SystemExit(0)", "failed: SystemExit: 0"),
        ("return None", "failed: TypeError"),
        ("return rows.select('date', column)", "returned no canonical_id, only date, spread"),
        ("return rows", "returned more than one row for a canonical asset and day"),
        (
            "return lowest(rows, column).with_columns(nw.lit('low').alias(column))",
            "returned String in spread, not numbers",
        ),
        ("return lowest(rows, column).lazy()", "returned a frame of another engine: lazy polars"),
        (
            "return lowest(rows, column).with_columns(nw.col('date').cast(nw.String))",
            "returned date as String, not as Datetime",
        ),
    ],
)
def test_a_reducer_that_goes_wrong_is_named(
    body: str, says: str, install: Install, tmp_path: Path
) -> None:
    """Which one, for which column, and what it did."""
    install("acme_wrong", SPREAD.replace("    found = rows", f"    {body}\n    found = rows", 1))
    rows = pl.DataFrame(
        {"date": [datetime(2026, 3, 1)] * 2, "asset": ["weth", "ethereum"], "spread": [1.0, 2.0]}  # noqa: DTZ001
    )
    mapping = parse_mapping(MINE, over=load_mapping(), reducers=load().reducers)
    with pytest.raises(ValueError, match=f'the reducer "spread" of the column "spread" {says}'):
        aggregate(rows, mapping)
