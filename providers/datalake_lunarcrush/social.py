"""The social measures of a day, and the price that goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from datalake import Client, Window

from .lists import Coins, coins


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
    query = {"id": number, "bucket": "day", "start": start, "end": end}
    return table(client.get("public/coins/{id}/time-series/v2", query, into=TimeSeries))


def table(series: TimeSeries) -> dict[str, NDArray[Any]]:
    """Buckets as columns; `time` is the start of the bucket."""
    columns = {
        name: np.array([getattr(day, name) for day in series.data], dtype=np.float64)
        for name in MEASURES
    }
    return {"time": np.array([day.time for day in series.data], dtype=np.int64), **columns}


def snapshot(numbers: Sequence[str], client: Client) -> dict[str, list[Any]]:
    """The coins as the list has them: scores of now, and what was said in the last 24 hours."""
    return present(numbers, coins(client), int(client.now.timestamp()))


def present(numbers: Sequence[str], listed: Coins, now: int) -> dict[str, list[Any]]:
    """The listed ones of these coins as columns; `time` is when the list was made, else now."""
    wanted = set(numbers)
    rows = [coin for coin in listed.data if str(coin.id) in wanted]
    columns = {name: [getattr(coin, name) for coin in rows] for name in MEASURES if name != "close"}
    return {
        "native_id": [str(coin.id) for coin in rows],
        "time": [listed.config.generated or now] * len(rows),
        **columns,
        "close": [coin.price for coin in rows],
    }
