"""What goes with age: the last universe of a day stays."""

from __future__ import annotations

from datetime import timedelta

from datalake.clock import now
from datalake.lake.inventory import take
from datalake.lake.pruning import superfluous
from datalake.plugins import load
from datalake.stores import ABSENT, open_store

AGE = timedelta(days=7)
LATER = AGE + timedelta(hours=1)


def test_of_old_universes_the_last_of_each_day_and_selection_stays():
    """Days that are not that long ago keep all."""
    store = open_store("memory:", {}, {})
    for name in ("top/date=2026-03-01/080000Z", "top/date=2026-03-01/090000Z"):
        store.put(f"universe/v1/selection={name}.parquet", b"", {}, if_generation=ABSENT)
    for name in ("top/date=2026-03-02/070000Z", "assets/date=2026-03-01/070000Z"):
        store.put(f"universe/v1/selection={name}.parquet", b"", {}, if_generation=ABSENT)

    def going(moment):
        return [one.key for one in superfluous(take(store), load(), moment, AGE, orphans=False)]

    assert going(now()) == []
    assert going(now() + LATER) == ["universe/v1/selection=top/date=2026-03-01/080000Z.parquet"]
