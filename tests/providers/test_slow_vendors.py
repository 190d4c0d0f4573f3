"""Answers that never end: each vendor, with a patience of a moment."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest

from datalake import SchemaError, Unavailable, Window
from datalake.client import HttpClient, Limits, Retry
from datalake.plugins import load
from datalake.running.sources import choose_plan, key_of
from datalake_sandbox import Fault, Sandbox

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
WEEK = Window(date(2026, 3, 8), date(2026, 3, 15))
SERIES = {
    "coingecko": ("market", "bitcoin"),
    "defillama": ("chain_tvl", "chain:Ethereum"),
    "lunarcrush": ("social", "1"),
}
BRIEF = Limits(read=0.4, total=0.6, body=2 * 2**20)


@pytest.fixture(scope="module")
def providers():
    return load().providers


@pytest.mark.parametrize(
    ("fault", "error", "told", "calls"),
    [
        ("stall", Unavailable, r"the answer did not come in time \(tried 2 times\)", 2),
        ("drip:0.2", Unavailable, r"the answer did not come in time \(tried 2 times\)", 2),
        ("slow-head:600", Unavailable, r"the answer did not come in time \(tried 2 times\)", 2),
        ("refused", Unavailable, r"the connection was refused \(tried 2 times\)", 2),
        ("no-host", Unavailable, r"the host's name cannot be resolved \(tried 2 times\)", 2),
        ("utf-16", Unavailable, "is no JSON", 2),
        ("huge", SchemaError, "gave more than 2 MB", 1),
        ("gzip-bomb", SchemaError, "gave more than 2 MB", 1),
    ],
)
def test_what_never_ends_is_ended(providers, fault, error, told, calls):
    """Within the time and the bytes that a call may take, and told in one line."""
    with Sandbox(NOW, faults=[Fault(".", fault)]) as sandbox:
        for name, (dataset, native_id) in SERIES.items():
            provider, keys = providers[name], sandbox.environment
            plan = choose_plan(provider, keys)
            client = HttpClient(
                provider,
                plan,
                key_of(plan, keys),
                clock=lambda: NOW,
                origins=sandbox.hosts,
                rate_scale=100,
                retry=Retry(attempts=2, initial=0.01, maximum=0.01),
                limits=BRIEF,
            )
            with client, pytest.raises(error, match=told):
                provider.dataset(dataset).fetch(native_id, WEEK, client)
            assert client.stats.calls == calls
