"""What a provider once said and no longer says: kept beside the series, never overwritten."""

from __future__ import annotations

import hashlib
from contextlib import suppress

import pyarrow as pa

from ..errors import Conflict
from ..stores import ABSENT, Store
from .keys import SeriesKey
from .objects import object_facts, to_parquet


def keep(store: Store, key: SeriesKey, native_id: str, replaced: pa.Table) -> None:
    """Add the replaced rows, as they were cached, under a name made of their content.

    It is written before the series is, so a writer that is killed in between loses nothing; doing
    it again finds the object there already.
    """
    facts = object_facts(key, native_id, replaced)
    data = to_parquet(replaced, facts)
    digest = hashlib.sha256(data).hexdigest()
    path = f"{key.revisions}/{digest[:32]}.parquet"
    with suppress(Conflict):
        store.put(path, data, {**facts, "sha256": digest}, if_generation=ABSENT)
