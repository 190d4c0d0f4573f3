"""LunarCrush: how much, and how well, the world talks of a coin."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from datalake import (
    Column,
    Dataset,
    Key,
    Plan,
    Provider,
    Quota,
    Rate,
    Refused,
    Stamp,
    Unavailable,
    hookimpl,
)

from . import resolve, social

SOCIAL = Dataset(
    name="social",
    columns={
        "galaxy_score": Column(
            "score 0–100", "health of the coin, social and market together", minimum=0, maximum=100
        ),
        "sentiment": Column(
            "percent", "positive posts, weighted by interactions", minimum=0, maximum=100
        ),
        "social_dominance": Column(
            "percent", "the coin's share of all posts about crypto", minimum=0, maximum=100
        ),
        "alt_rank": Column("rank", "place among all coins, 1 is the best", minimum=1),
        "interactions": Column("count", "views, likes, comments and the like", minimum=0),
        # CoinMarketCap's price, as they say: it must not be far from what is published
        "close": Column("USD", "price at the end of the day", minimum=0, witness_of="close"),
    },
    fetch=social.fetch,
    resolve=resolve.coin_number,
    snapshot=social.snapshot,
    stamp=Stamp.START,
    # Hourly buckets, answers up to an hour old. Search terms are corrected afterwards, back to 72
    # hours: that is left to the overlap of the next fetch, which compares and records revisions.
    settle=timedelta(hours=2),
    since=date(2020, 1, 1),
)

HOST = "https://lunarcrush.com/api4"
#: The one form of a key that is taken; in the query or in another header it is a 401.
KEY = Key("LUNARCRUSH_API_KEY", name="Authorization", prefix="Bearer ")

#: Calls per minute; a day has its own limit.
PLANS = (
    Plan("individual", HOST, Rate(10), KEY, quota=Quota(2_000, per="day")),
    Plan("hobby", HOST, Rate(4), KEY, quota=Quota(100, per="day")),
    Plan("builder", HOST, Rate(100), KEY, quota=Quota(20_000, per="day")),
    Plan("scale", HOST, Rate(500), KEY, quota=Quota(100_000, per="day")),
)

#: Told by their texts: their status is not documented.
ERRORS = {
    b"Rate limit exceeded (day)": Refused,  # nothing more today
    b"Rate limit exceeded": Unavailable,
    b"subscription to use this endpoint": Refused,
    b"Invalid endpoint": Refused,  # the route is gone, as v2 and v3 are; not: no such coin
    b"endpoint not found": Refused,
}


def classify(status: int, body: bytes) -> type[Exception] | None:
    """LunarCrush says in a sentence what is wrong."""
    if status < 400:
        return None
    return next((error for text, error in ERRORS.items() if text in body[:1_000]), None)


@hookimpl
def register_providers() -> Iterable[Provider]:
    """LunarCrush, as this plugin brings it."""
    yield Provider(
        name="lunarcrush",
        title="LunarCrush",
        keys_url="https://lunarcrush.com/developers/api/authentication",
        plans=PLANS,
        datasets=(SOCIAL,),
        classify=classify,
        reset_header="x-rate-limit-minute-reset",
        left_header="x-rate-limit-day-remaining",
    )
