"""The social measures of a day, and the price that goes with them."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from datalake import Client, Window


class Day(msgspec.Struct):
    """A daily bucket. Any measure may be missing, and which ones differs from coin to coin."""

    time: int
    galaxy_score: float | None = None
    sentiment: float | None = None
    social_dominance: float | None = None
    alt_rank: float | None = None
    interactions: float | None = None
    close: float | None = None


class TimeSeries(msgspec.Struct):
    """The body of `/public/coins/{id}/time-series/v2`."""

    data: list[Day]


MEASURES = ("galaxy_score", "sentiment", "social_dominance", "alt_rank", "interactions", "close")


def fetch(number: str, window: Window, client: Client) -> dict[str, NDArray[Any]]:
    """The days of a coin. (`/public/coins/{id}/v1` has neither sentiment nor dominance.)"""
    start, end = window.unix()
    query = {"bucket": "day", "start": start, "end": end}
    return table(client.get(f"public/coins/{number}/time-series/v2", query, into=TimeSeries))


def table(series: TimeSeries) -> dict[str, NDArray[Any]]:
    """Buckets as columns; `time` is the start of the bucket."""
    columns = {
        name: np.array([getattr(day, name) for day in series.data], dtype=np.float64)
        for name in MEASURES
    }
    return {"time": np.array([day.time for day in series.data], dtype=np.int64), **columns}
