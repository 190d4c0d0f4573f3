"""A lake holds data of one origin: the live market, the simulated one, or recordings."""

from __future__ import annotations

import json
import logging

from ..errors import ConfigError, Conflict, ReadOnly, StoreError
from ..stores import ABSENT, Store

log = logging.getLogger(__name__)

KEY = "lake.json"
#: Where data may come from.
LIVE, SANDBOX, RECORDINGS = "live", "sandbox", "recordings"


def check_origin(store: Store, origin: str) -> None:
    """Raise ConfigError where the store is another origin's, or cannot be read."""
    try:
        _compare(store, found_origin(store), origin)
    except StoreError as error:
        raise _unusable(error) from error


def claim(store: Store, origin: str) -> bool:
    """Mark an empty store as this origin's; False where the store may be read and not written.

    Comes right before the first write: a mistyped run that writes nothing binds nobody. Raises
    ConfigError where the store is another origin's already.
    """
    mark = json.dumps({"format": 1, "origin": origin}).encode()
    try:
        _compare(store, found_origin(store), origin)
        store.put(KEY, mark, {}, if_generation=ABSENT)
    except ReadOnly as error:
        log.warning("nothing is written back: %s", error)
        return False
    except Conflict:
        check_origin(store, origin)  # somebody else marked it, in this moment or long ago
    except StoreError as error:
        raise _unusable(error) from error
    return True


def _unusable(error: StoreError) -> ConfigError:
    return ConfigError(f"the cache cannot be used: {error}")


def _compare(store: Store, found: str | None, origin: str) -> None:
    if found not in (None, origin):
        raise ConfigError(
            f"{store.url} holds {found} data, and this run would add {origin} data; "
            "give another --cache"
        )


def found_origin(store: Store) -> str | None:
    """The origin that a store is marked with, None while it is empty. Raises ConfigError."""
    stored = store.get(KEY)
    if stored is None:
        # series without a mark come from another pipeline that shares the bucket: real ones
        return LIVE if next(iter(store.list("series/")), None) else None
    try:
        return str(json.loads(stored.data)["origin"])
    except (ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{store.url}/{KEY} is damaged; remove it or give another --cache"
        ) from None
