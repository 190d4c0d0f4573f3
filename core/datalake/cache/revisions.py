"""What was once known and no longer is: kept beside the series, never overwritten."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

import pyarrow as pa

from ..errors import Conflict
from ..stores import ABSENT, Store, Stored
from .keys import SeriesKey
from .objects import object_facts, to_parquet


def keep(
    store: Store, key: SeriesKey, native_id: str, replaced: pa.Table, begun: datetime | None
) -> None:
    """Add the replaced rows, if any, as they were cached, under a name made of their content.

    It is written before the series is, so a writer that is killed in between loses nothing; doing
    it again finds the object there already.
    """
    if not replaced:
        return
    facts = object_facts(key, native_id, replaced, begun)
    data = to_parquet(replaced, facts)
    _put(store, key, data, {**facts, "sha256": hashlib.sha256(data).hexdigest()})


def keep_whole(store: Store, key: SeriesKey, former: Stored) -> None:
    """Add a series that makes room for another one (another native id, other columns): its very
    bytes, so that whoever can read them reads all that was known."""
    _put(store, key, former.data, former.metadata)


def _put(store: Store, key: SeriesKey, data: bytes, metadata: Mapping[str, str]) -> None:
    path = f"{key.revisions}/{metadata['sha256'][:32]}.parquet"
    with suppress(Conflict):
        store.put(path, data, metadata, if_generation=ABSENT)
