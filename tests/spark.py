"""A real local Spark for the tests, as small as one can be: its start is most of what it costs."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

#: What makes queries over a few rows quick: one thread, nothing compiled, nothing planned anew.
SMALL = {
    "spark.ui.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.memory": "1g",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.default.parallelism": "1",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


def missing() -> str | None:
    """Why there is no Spark here, in words for whoever reads that tests were skipped."""
    if shutil.which("java") is None:
        return "Spark needs Java 17, and there is no java on the PATH"
    if importlib.util.find_spec("pyspark") is None:
        return "PySpark is not installed: pip install -e '.[dev,spark]'"
    return None


def session() -> Iterator[Any]:
    """The session of this process; skips where there is none to be had."""
    if reason := missing():
        pytest.skip(reason)
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]").appName("datalake tests")
    for name, value in SMALL.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    yield spark
    spark.stop()
