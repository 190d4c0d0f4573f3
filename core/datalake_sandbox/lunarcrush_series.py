"""LunarCrush's time series: rows of hours or days, stamped with their start."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from datalake_sandbox import lunarcrush_errors as errors
from datalake_sandbox.market import DAY_SECONDS, Market, midnight_ms
from datalake_sandbox.messages import Answer, json_answer
from datalake_sandbox.noise import Series, normals_at
from datalake_sandbox.settling import EARLY_INTERACTIONS, EARLY_SENTIMENT, SOCIAL_SETTLED
from datalake_sandbox.social import Followed, Integers, Social

PARAMETERS = ("bucket", "interval", "start", "end")
INTERVALS = {"1d": 1, "1w": 7, "1m": 30, "3m": 90, "6m": 180, "1y": 365, "all": 36_500}
BUCKETS = {"hour": 3600, "day": DAY_SECONDS}
AHEAD = 7_200
"""How far `config.end` lies beyond the moment of the answer, in seconds."""

_ORIGIN = midnight_ms(0) // 1000
_WHOLE_CAP = 2.6e12


class Row(msgspec.Struct, gc=False):
    """One bucket, in LunarCrush's order of fields; a field that is UNSET is not sent."""

    time: int
    contributors_active: int
    contributors_created: int
    interactions: int
    posts_active: int
    posts_created: int
    sentiment: int | msgspec.UnsetType
    spam: int | msgspec.UnsetType
    alt_rank: int
    circulating_supply: float
    close: float
    galaxy_score: int | msgspec.UnsetType
    high: float
    low: float
    market_cap: int
    market_dominance: float
    open: float
    social_dominance: float | None
    volume_24h: int


@frozen
class Window:
    """What was asked for: seconds since 1970, and the bucket's length."""

    start: int
    end: int
    bucket: str
    interval: str


def _window(query: Mapping[str, str], now: int) -> Window | str:
    """The window, or the name of the parameter that cannot be read."""
    for name in query:
        if name not in PARAMETERS:
            return name
    bucket, interval = query.get("bucket", "hour"), query.get("interval", "1w")
    if bucket not in BUCKETS:
        return "bucket"
    if interval not in INTERVALS:
        return "interval"
    for name in ("start", "end"):
        if not query.get(name, "0").isdigit():
            return name
    end = int(query.get("end", now + AHEAD))
    start = int(query.get("start", now - INTERVALS[interval] * DAY_SECONDS))
    return Window(start // BUCKETS[bucket] * BUCKETS[bucket], end, bucket, interval)


def time_series(
    social: Social, market: Market, row: Followed, name: str, query: Mapping[str, str]
) -> Answer:
    """`/public/coins/{coin}/time-series/v2`; the last bucket is not over, and those that ended
    within two hours have not settled."""
    now = int(market.clock.timestamp())
    window = _window(query, now)
    if isinstance(window, str):
        return errors.invalid_parameter(window)
    first = social.first_day(row) * DAY_SECONDS + _ORIGIN
    begin = max(window.start, first)
    step = BUCKETS[window.bucket]
    begin = -(-begin // step) * step
    starts = np.arange(begin, min(window.end, now), step)
    config = {
        "coin": name,
        "topic": row.topic,
        "id": f"coins:{row.number}" if name == str(row.number) else f"${name.lower()}",
        "name": row.name,
        "symbol": row.symbol,
        "interval": window.interval,
        "start": max(window.start, first),
        "end": window.end,
        "bucket": window.bucket,
        "metrics": [],
        "generated": now,
    }
    data = _rows(social, market, row, starts, step) if len(starts) else []
    return json_answer({"config": config, "data": data})


def _rows(social: Social, market: Market, row: Followed, starts: Integers, step: int) -> list[Row]:
    columns = {
        "time": starts.tolist(),
        **_social_columns(social, row, starts, step, _early(market, starts, step)),
        **_market_columns(market, row, starts, step),
    }
    rows = list(map(Row, *(columns[name] for name in Row.__struct_fields__)))
    _thin(rows, starts, market.seed, row)
    return rows


def _early(market: Market, starts: Integers, step: int) -> NDArray[np.bool_]:
    """The buckets that are over and may still change."""
    now = market.clock.timestamp()
    ends = starts + step
    return np.asarray((ends <= now) & (now < ends + SOCIAL_SETTLED.total_seconds()))


def _social_columns(
    social: Social, row: Followed, starts: Integers, step: int, early: NDArray[np.bool_]
) -> dict[str, list[Any]]:
    scores = social.scores(row)
    day = (starts - _ORIGIN) // DAY_SECONDS
    part = step / DAY_SECONDS
    talk = scores.interactions[day] * part * np.where(early, EARLY_INTERACTIONS, 1.0)
    return {
        "contributors_active": (talk / 90 + 1).astype(np.int64).tolist(),
        "contributors_created": (talk / 2400 + 1).astype(np.int64).tolist(),
        "interactions": talk.astype(np.int64).tolist(),
        "posts_active": (talk / 55 + 1).astype(np.int64).tolist(),
        "posts_created": (talk / 1600 + 1).astype(np.int64).tolist(),
        "sentiment": (scores.sentiment[day] - EARLY_SENTIMENT * early).tolist(),
        "spam": (talk / 4200).astype(np.int64).tolist(),
        "alt_rank": scores.alt_rank[day].tolist(),
        "galaxy_score": scores.galaxy[day].tolist(),
        "social_dominance": scores.dominance[day].tolist(),
    }


def _market_columns(
    market: Market, row: Followed, starts: Integers, step: int
) -> dict[str, list[Any]]:
    inside = np.linspace(0.0, 1.0, 5)
    seconds = (starts - _ORIGIN)[:, None] + inside * step
    instants = np.minimum(seconds / DAY_SECONDS, market.now)
    state = market.at(row.coin, instants.ravel())
    prices = state.price.reshape(instants.shape) * (row.size if row.twin else 1.0)
    cap = state.cap.reshape(instants.shape)[:, -1] * row.size
    volume = state.volume.reshape(instants.shape)[:, -1] * (row.size if row.twin else 1.0)
    return {
        "circulating_supply": np.round(cap / prices[:, -1]).tolist(),
        "close": _digits(prices[:, -1]),
        "high": _digits(prices.max(axis=1)),
        "low": _digits(prices.min(axis=1)),
        "market_cap": np.round(cap).astype(np.int64).tolist(),
        "market_dominance": np.round(cap / _WHOLE_CAP * 100, 4).tolist(),
        "open": _digits(prices[:, 0]),
        "volume_24h": np.round(volume).astype(np.int64).tolist(),
    }


def _digits(values: Series) -> list[float]:
    """Eight digits of the largest value, and as many decimals of the others."""
    largest = float(values.max())
    rounded: list[float] = np.round(values, 7 - math.floor(math.log10(largest))).tolist()
    return rounded


def _thin(rows: list[Row], starts: Integers, seed: int, row: Followed) -> None:
    """Take away what LunarCrush would not know: any field may be missing from any row."""
    if row.tiny:
        for bucket in rows:
            bucket.social_dominance = None
    if row.twin:
        for bucket in rows:
            bucket.spam = msgspec.UNSET
    draws = normals_at(seed, row.number, "missing", positions=starts // 3600)
    for place in np.flatnonzero(draws > 2.6).tolist():
        rows[place].sentiment = msgspec.UNSET
    for place in np.flatnonzero(draws < -2.6).tolist():
        rows[place].galaxy_score = msgspec.UNSET
