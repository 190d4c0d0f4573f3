"""Spark: the session that is there (`spark-submit`), or a local one; it writes its own ranges."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from .work import Work

#: What Spark raises where it cannot read or write.
TROUBLE = (PySparkException, Py4JError)


def write(work: Work, folder: Path) -> None:
    """Write a file for each range of canonical assets, as Spark's sort divides them."""
    spark = SparkSession.builder.appName("datalake aggregate").getOrCreate()
    guess = "spark.sql.sources.partitionColumnTypeInference.enabled"
    before = str(spark.conf.get(guess))
    spark.conf.set(guess, "false")  # an asset called 1 is a text, too

    def scan(dataset: str, columns: Sequence[str]) -> Any:
        return spark.read.parquet(work.place(dataset)).select("date", "asset", *columns)

    try:
        work.check_days(scan)
        rows = work.rows(
            scan
        ).persist()  # a fold mentions them often, and would read them each time
        work.folded(rows).write.mode("append").parquet(str(folder))
        rows.unpersist()
    finally:
        spark.conf.set(guess, before)
