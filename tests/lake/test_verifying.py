"""Whether what lies in a lake can be used, and what is done about what cannot."""

from __future__ import annotations

import pytest

from datalake.cache import SeriesKey
from datalake.lake.verifying import verify
from datalake.plugins import load
from datalake.stores import ABSENT, open_store

KEY = SeriesKey("coingecko", "market", "bitcoin").path


@pytest.mark.parametrize("action", ["status:403", "corrupt", "reset"])
def test_what_could_not_be_read_is_not_removed(gcs, gcs_env, action):
    """Trouble on the way to an object says nothing against it."""
    store = open_store("gs://lake", {}, gcs_env)
    store.patience = 0.3
    store.put(KEY, b"whole, for all we know", {}, if_generation=ABSENT)
    gcs.fault(action, operation="media", times=0)
    (fault,) = verify(store, load(), repair=True).faults
    assert (fault.key, fault.unread, fault.repaired) == (KEY, True, False)
    assert gcs.peek("lake", KEY)
