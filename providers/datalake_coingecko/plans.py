"""CoinGecko's plans: hosts, keys, rates and how far back each may look."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from datalake import Key, Plan, Quota, Rate

PRO_HOST = "https://pro-api.coingecko.com/api/v3"
PUBLIC_HOST = "https://api.coingecko.com/api/v3"

# Both kinds of key begin with `CG-`: which one the user has cannot be read off it, so each has a
# variable of its own (CoinGecko skills, references/core.md; rotki#10292 is what guessing does).
PRO_KEY = Key("COINGECKO_PRO_API_KEY", name="x-cg-pro-api-key")
DEMO_KEY = Key("COINGECKO_DEMO_API_KEY", name="x-cg-demo-api-key")

#: What is left of the month; the public host has no such page.
USAGE = f"{PRO_HOST}/key"

YEAR = timedelta(days=365)

# The limits are per minute. `pro` stands for whatever paid plan the user has: its rate is that of
# most of them, its history is all. The sources disagree on the demo plan's rate (30 or 100) and
# on the keyless one's (5 to 15, by load and shared per IP): the lowest of each, less one in six.
PLANS = (
    Plan("pro", PRO_HOST, Rate(500), PRO_KEY, usage_url=USAGE),
    Plan("basic", PRO_HOST, Rate(250), PRO_KEY, reach=2 * YEAR, usage_url=USAGE),
    Plan("analyst", PRO_HOST, Rate(500), PRO_KEY, usage_url=USAGE),
    Plan("lite", PRO_HOST, Rate(500), PRO_KEY, usage_url=USAGE),
    Plan("enterprise", PRO_HOST, Rate(500), PRO_KEY, usage_url=USAGE),
    Plan("demo", PUBLIC_HOST, Rate(25), DEMO_KEY, reach=YEAR, quota=Quota(10_000)),
    Plan("keyless", PUBLIC_HOST, Rate(4), reach=YEAR),
)

#: The plans with the `/range` endpoints and daily candles.
PAID = frozenset(plan.name for plan in PLANS if plan.base_url == PRO_HOST)
FREE = frozenset(plan.name for plan in PLANS) - PAID


def usage(answer: Any) -> Quota:
    """The month of a key, from `/key`."""
    limit = int(answer["monthly_call_credit"])
    return Quota(limit, int(answer["current_remaining_monthly_calls"]))
