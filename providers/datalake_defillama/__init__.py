"""DefiLlama: the value locked on chains and in protocols, and the volume of their DEXs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from datalake import (
    Column,
    Dataset,
    Key,
    NotFound,
    Plan,
    Provider,
    Quota,
    Rate,
    Refused,
    Stamp,
    Unavailable,
    hookimpl,
)

from . import resolve, series, snapshot

USD = "US dollars"

#: TVL is taken hourly, and answers may be an hour old (`Expires` is 10 to 60 minutes ahead).
TVL_SETTLE = timedelta(hours=2)
#: Some volumes come once a day, after midnight; until they do, the server fills the last day
#: with the day before's (fixChartLastRecord). When they are all in is not documented: be late.
DEX_SETTLE = timedelta(hours=6)

#: Closed days are recomputed at the sixth digit all the time: 431 of 3139 days within three days
#: of 2026-05, by at most 6e-6. That is no revision.
NOISE = 1e-4

CHAIN_TVL = Dataset(
    name="chain_tvl",
    columns={
        "tvl": Column(
            USD,
            "value locked on the chain, without liquid staking and without counting twice",
            minimum=0,
        )
    },
    fetch=series.chain_tvl,
    resolve=resolve.chain_tvl,
    snapshot=snapshot.chain_tvl,
    stamp=Stamp.START,
    settle=TVL_SETTLE,
    since=date(2017, 9, 27),
    whole=True,
    tolerance=NOISE,
)

PROTOCOL_TVL = Dataset(
    name="protocol_tvl",
    columns={
        "tvl": Column(
            USD,
            "value locked in the protocol or its family, without what is in custody, borrowed "
            "or staked",
            minimum=0,
        )
    },
    fetch=series.protocol_tvl,
    calls=series.protocol_calls,
    resolve=resolve.protocol_tvl,
    snapshot=snapshot.protocol_tvl,
    stamp=Stamp.START,
    settle=TVL_SETTLE,
    since=date(2017, 9, 27),
    whole=True,
    tolerance=NOISE,
)

DEX_VOLUME = Dataset(
    name="dex_volume",
    columns={
        "volume": Column(
            USD,
            "traded in the day on all DEXs of the chain, or on the markets of the protocol",
            minimum=0,
        )
    },
    fetch=series.dex_volume,
    calls=series.dex_calls,
    resolve=resolve.dex_volume,
    snapshot=snapshot.dex_volume,
    stamp=Stamp.START,
    settle=DEX_SETTLE,
    since=date(2014, 1, 1),
    whole=True,
    tolerance=NOISE,
)

#: The key is a piece of the path. The free limit is not published; collectors that keep to two
#: calls a second report no 429.
PLANS = (
    Plan(
        "pro",
        "https://pro-api.llama.fi/{key}/api",
        Rate(1000),
        Key("DEFILLAMA_API_KEY", "path"),
        quota=Quota(1_000_000),
        usage_url="https://pro-api.llama.fi/usage/{key}",
    ),
    Plan("free", "https://api.llama.fi", Rate(120)),
)

#: Plain texts that come with 400, though the OpenAPI document promises 404.
UNKNOWN_NAME = (
    b"Protocol not found",
    b"not found, please visit",
    b"There is no chain with that name",
    b"Protocol is not in our database",
)


def classify(status: int, body: bytes) -> type[Exception] | None:
    """400 is what an unknown name gets; 404 is what everybody gets in an outage."""
    if status >= 400 and any(text in body[:1_000] for text in UNKNOWN_NAME):
        return NotFound
    # Only names that DefiLlama lists are asked for, so a missing page is a missing route: for a
    # day in 2024-11 all of /summary was (dimension-adapters#2161).
    return {402: Refused, 404: Unavailable}.get(status)


def usage(answer: Any) -> Quota:
    """What is left of the calls that a key has until the first of the month."""
    return Quota(1_000_000, int(answer["creditsLeft"]))


@hookimpl
def register_providers() -> Iterable[Provider]:
    """DefiLlama, as this plugin brings it."""
    yield Provider(
        name="defillama",
        title="DefiLlama",
        keys_url="https://defillama.com/subscription",
        plans=PLANS,
        datasets=(CHAIN_TVL, PROTOCOL_TVL, DEX_VOLUME),
        classify=classify,
        usage=usage,
    )
