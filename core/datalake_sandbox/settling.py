"""Until when a day that is over has not settled, by the sandbox's clock, and how it looks then.

A vendor's figures of yesterday are not final at midnight: adapters are still running, posts are
still being counted. Until the hours below they differ clearly from what they will be for good.
"""

from __future__ import annotations

from datetime import time, timedelta

from datalake_sandbox.market import Market

CHART_SETTLED = time(0, 35)
"""CoinGecko's charts and candles show the newest midnight from here on (10 to 35 minutes after)."""

TVL_SETTLED = time(2)
"""DefiLlama has taken yesterday's TVL, of chains and of protocols."""

DEX_SETTLED = time(6)
"""DefiLlama has heard of yesterday's volume from all adapters; until then it fills the gaps."""

SOCIAL_SETTLED = timedelta(hours=2)
"""LunarCrush may still change a bucket that has been over for less than this."""

EARLY_TVL = 0.97
EARLY_VOLUME = 0.6
EARLY_INTERACTIONS = 0.97
EARLY_SENTIMENT = 4
"""Points that sentiment still lacks."""


def early(market: Market, settled: time) -> bool:
    """Whether it is too early in the day for yesterday to be final."""
    return market.clock.time() < settled
