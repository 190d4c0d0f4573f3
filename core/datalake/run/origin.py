"""A lake holds data of one origin: the live market, the simulated one, or recordings."""

from __future__ import annotations

import json

from ..errors import ConfigError, Conflict, StoreError
from ..stores import ABSENT, Store
from .vendors import LIVE

KEY = "lake.json"


def check_origin(store: Store, origin: str) -> None:
    """Raise ConfigError where the store is another origin's, or cannot be read."""
    _settle(store, origin, claiming=False)


def claim(store: Store, origin: str) -> None:
    """Mark an empty store as this origin's; raise ConfigError where it is another's already.

    Comes right before the first write: a mistyped run that writes nothing binds nobody.
    """
    _settle(store, origin, claiming=True)


def _settle(store: Store, origin: str, *, claiming: bool) -> None:
    try:
        found = _found(store)
        if found is None and claiming:
            mark = json.dumps({"format": 1, "origin": origin}).encode()
            try:
                store.put(KEY, mark, {}, if_generation=ABSENT)
            except Conflict:
                found = _found(store)
    except StoreError as error:
        raise ConfigError(f"the cache cannot be used: {error}") from error
    if found not in (None, origin):
        raise ConfigError(
            f"{store.url} holds {found} data, and this run would add {origin} data; "
            "give another --cache"
        )


def _found(store: Store) -> str | None:
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
