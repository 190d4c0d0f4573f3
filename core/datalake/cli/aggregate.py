"""`datalake aggregate`: fold a whole lake on an engine of the user's choice."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from .lakes import Lake, store_options
from .logs import say
from .mappings import mapping_option, usual_mapping


@click.command("aggregate")
@click.option(
    "--engine",
    type=click.Choice(["polars", "duckdb", "spark"]),
    default="polars",
    help="Who does the work.  [default: polars, some assets at a time]",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("lake_folded"),
    help="A new folder for the parquet files.  [default: lake_folded]",
)
@click.option(
    "--columns",
    type=click.Choice(["standard", "extended"]),
    default="standard",
    help="Which columns to write.  [default: standard]",
)
@mapping_option
@store_options
def command(engine: str, output: Path, columns: str, file: Path | None, lake: Lake) -> None:
    """Fold a whole lake on Polars, DuckDB or Spark.

    Every series in the cache is folded by the mapping, whatever universe a run was about, and
    written as parquet in order of canonical asset and date. Nothing is fetched, judged or
    published; `datalake cache verify` says beforehand whether the series are whole.

    \b
    Examples:
      datalake aggregate --sandbox
      datalake aggregate --engine duckdb --cache .datalake --output lake_folded
    """
    from ..engines import aggregate_lake, plan_work
    from ..running.planning.plan import check_sources

    mapping = usual_mapping(file, lake.around.registry)
    check_sources(mapping, lake.around.registry)
    work = plan_work(lake.store, mapping, columns)
    origin = aggregate_lake(lake.store, work, engine, output)
    series = sum(map(len, work.series.values()))
    kind = "" if origin == "live" else f" ({'synthetic' if origin == 'sandbox' else origin} data)"
    say(f"{series:,} series folded into {output}{kind}", logging.INFO)
