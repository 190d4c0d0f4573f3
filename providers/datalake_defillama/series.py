"""The daily series of a chain, a protocol or a family of protocols.

No endpoint of DefiLlama takes a window: every call brings the whole history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from datalake import Client, NotFound, Unavailable, Window

from .families import Part, locked_parts, traded_parts
from .sums import Columns, total

DAY = 86_400


class ChainPoint(msgspec.Struct):
    """A midnight and the TVL that DefiLlama gives to it."""

    date: int
    tvl: float | None


class Failure(msgspec.Struct):
    """What may come with HTTP 200 where a list should be (server source of 2024-02)."""

    status: int = msgspec.field(name="statusCode")


class ProtocolPoint(msgspec.Struct):
    """A midnight, for the last point the time of the call, and the TVL."""

    date: int
    tvl: float | None = msgspec.field(name="totalLiquidityUSD")


class ProtocolBody(msgspec.Struct):
    """The one field wanted of tens of megabytes; the rest is skipped without being built."""

    tvl: list[ProtocolPoint]


class VolumeBody(msgspec.Struct):
    """The chart of `/overview/dexs/{chain}` and `/summary/dexs/{protocol}`."""

    chart: list[tuple[int, float | None]] = msgspec.field(name="totalDataChart")


HISTORY: Any = list[ChainPoint] | Failure


def chain_tvl(native_id: str, window: Window, client: Client) -> Columns:
    """Of `/v2/historicalChainTvl`. The old `/charts` counts liquid staking and doubles too, 2.3
    times as much for Ethereum, and must not stand in for it."""
    answer: list[ChainPoint] | Failure = client.get(
        "v2/historicalChainTvl/{chain}", {"chain": _name(native_id)}, into=HISTORY
    )
    if isinstance(answer, Failure):
        raise NotFound(f"DefiLlama has no history of {native_id} (answer {answer.status})")
    return daily("tvl", [(point.date, point.tvl) for point in answer])


def protocol_tvl(native_id: str, window: Window, client: Client) -> Columns:
    """Of `/protocol`, of a protocol or of a family (see `families`). Borrowed coins, staking and
    pool2 are not in it."""

    def one(slug: str) -> Columns:
        body = client.get("protocol/{slug}", {"slug": slug}, into=ProtocolBody)
        return daily("tvl", [(point.date, point.tvl) for point in body.tvl])

    return _together("tvl", locked_parts(native_id, client), one)


def protocol_calls(native_id: str, window: Window, client: Client) -> int:
    """A call for each page of `/protocol` that is added up."""
    return len(locked_parts(native_id, client))


def dex_volume(native_id: str, window: Window, client: Client) -> Columns:
    """Of `/overview/dexs/{chain}`, or of `/summary/dexs` for a protocol or a family."""
    query = {"excludeTotalDataChart": "false", "excludeTotalDataChartBreakdown": "true"}

    def one(path: str, name: str) -> Columns:
        return daily("volume", client.get(path, {"name": name, **query}, into=VolumeBody).chart)

    if native_id.startswith("chain:"):
        return one("overview/dexs/{name}", _name(native_id))
    parts = traded_parts(native_id, client)
    return _together("volume", parts, lambda slug: one("summary/dexs/{name}", slug))


def dex_calls(native_id: str, window: Window, client: Client) -> int:
    """A call for a chain, or for each page of `/summary/dexs` that is added up."""
    return 1 if native_id.startswith("chain:") else len(traded_parts(native_id, client))


def _together(column: str, parts: Sequence[Part], one: Callable[[str], Columns]) -> Columns:
    if len(parts) == 1:
        return one(parts[0].slug)
    return total(column, [member for part in parts if (member := _member(part, one))])


def _member(part: Part, one: Callable[[str], Columns]) -> Columns | None:
    """A member without a page adds nothing if the list has no value for it either; else what is
    missing is the page, not the value."""
    try:
        return one(part.slug)
    except NotFound as error:
        if part.valued:
            raise Unavailable(f"{part.slug} is listed with a value, and: {error}") from error
        return None


def _name(native_id: str) -> str:
    return native_id.partition(":")[2]


def daily(column: str, points: Sequence[tuple[int, float | None]]) -> Columns:
    """One row per day: of two points of one day the later; and none before the first value.

    Histories begin with zeros that are no data (Ethereum's with 138 days of them).
    """
    pairs = np.array(points, dtype=np.float64).reshape(-1, 2)
    latest_first = pairs[np.argsort(pairs[:, 0], kind="stable")][::-1]
    stamps = latest_first[:, 0].astype(np.int64)
    time, rows = np.unique(stamps - stamps % DAY, return_index=True)
    values = latest_first[rows, 1]
    begun = np.logical_or.accumulate(values > 0)
    return {"time": time[begun], column: values[begun]}
