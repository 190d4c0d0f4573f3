"""Where the simulated market shows the oddities that the real APIs were seen to have.

Each table names the coin, chain or day that carries one oddity, so that a test can point at it.
All were measured on recorded answers; the days are the recorded ones where they are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone
from types import MappingProxyType
from typing import Final

CAP_UNKNOWN_BEFORE: Final[Mapping[str, date]] = MappingProxyType(
    {
        "htx-dao": date(2025, 10, 11),
        "sky": date(2025, 6, 6),
        "hash-2": date(2025, 5, 20),
        "wrapped-bitcoin": date(2020, 9, 3),
        "weth": date(2022, 1, 1),
        "usd-coin": date(2018, 12, 5),
        "midnight-3": date(2025, 12, 20),
        "wrapped-solana": date.max,
    }
)
"""`market_cap` is 0, which means unknown, before this day."""

GAPS: Final[Mapping[str, tuple[tuple[date, int], ...]]] = MappingProxyType(
    {
        "bitcoin": ((date(2013, 6, 4), 1), (date(2015, 1, 28), 1)),
        "tether": ((date(2019, 5, 29), 1),),
        "weth": ((date(2018, 8, 1), 4), (date(2018, 10, 12), 6)),
        "dexe": ((date(2024, 2, 10), 5),),
        "zano": ((date(2025, 3, 3), 3),),
        "telcoin": ((date(2023, 7, 14), 2),),
    }
)
"""Days (first, how many) whose midnight CoinGecko never recorded."""

OFF_MIDNIGHT: Final[Mapping[str, tuple[datetime, ...]]] = MappingProxyType(
    {
        "bitcoin": (
            datetime(2017, 6, 3, 7, 12, 21, tzinfo=timezone.utc),
            datetime(2017, 6, 19, 3, 40, 2, tzinfo=timezone.utc),
            datetime(2018, 2, 8, 0, 5, 28, tzinfo=timezone.utc),
        )
    }
)
"""Points in a daily history that are no midnights."""

NO_VOLUME: Final = frozenset(
    {
        "ousg",
        "eutbl",
        "superstate-short-duration-us-government-securities-fund-ustb",
        "janus-henderson-anemoy-treasury-fund",
        "blackrock-usd-institutional-digital-liquidity-fund",
    }
)
"""Tokenised funds: nobody trades them, `total_volume` is 0 every day."""

STALE_HOURS: Final[Mapping[str, int]] = MappingProxyType({"hashnote-usyc": 356, "figure-heloc": 44})
"""Rows of `/coins/markets` whose `last_updated` is this old in an otherwise fresh answer."""

MIGRATED_AWAY: Final[Mapping[str, date]] = MappingProxyType({"matic-network": date(2026, 1, 5)})
"""Coins that answer with empty maps from this day on; their history ends there."""

TVL_GAPS: Final[Mapping[str, tuple[tuple[date, int], ...]]] = MappingProxyType(
    {
        "Arbitrum": ((date(2021, 6, 17), 61),),
        "Berachain": ((date(2024, 12, 3), 49),),
        "Monad": ((date(2025, 10, 20), 3), (date(2025, 11, 5), 2), (date(2025, 11, 12), 4)),
    }
)
"""Days (first, how many) that are missing from a chain's TVL history."""

LUNARCRUSH_NAMES: Final[Mapping[str, str]] = MappingProxyType({"fetch-ai": "Fetch"})
"""Coins that LunarCrush knows by another name than CoinGecko."""

LUNARCRUSH_CAP_FACTORS: Final[Mapping[str, float]] = MappingProxyType(
    {"htx-dao": 2.6, "wemix-token": 0.4}
)
"""Coins whose market cap LunarCrush sees very differently."""

WITHOUT_COINGECKO_LINK: Final = frozenset({"dogecoin", "leo-token", "kaspa"})
"""Coins whose LunarCrush meta page names no CoinGecko address."""
