"""The request log: what a run asked of its providers, kept in the store beside the run's report."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import zlib
from collections.abc import Callable, Iterable
from typing import Any

from attrs import asdict

from ...client.journal import Request
from ...errors import ConfigError, StoreError
from ...stores import ABSENT, Store

log = logging.getLogger(__name__)

#: A gzipped JSON object a line, one for each request.
REQUESTS = "requests/v1/"
_GZIP = 31
_MOST_BYTES = 64 * 1024 * 1024


def keep(
    store: Store, run_id: str, requests: Iterable[Request], scrub: Callable[[str], str]
) -> None:
    """Write the log of a run that made any request; a store that cannot be written costs only it.

    `scrub` takes out the keys that foreign code may have put into a path.
    """
    lines = [json.dumps(asdict(one)) for one in sorted(requests, key=lambda one: one.after)]
    if not lines:
        return
    data = gzip.compress(scrub("\n".join(lines) + "\n").encode(), compresslevel=6, mtime=0)
    digest = hashlib.sha256(data).hexdigest()
    try:
        store.put(_key(run_id), data, {"sha256": digest}, if_generation=ABSENT)
    except StoreError as error:
        log.warning("the request log cannot be kept in %s: %s", store.url, error)


def read(store: Store, run_id: str) -> list[dict[str, Any]]:
    """The requests of a run, in the order in which they were sent.

    Raises ConfigError where there is no log, or a damaged one; StoreError.
    """
    stored = store.get(_key(run_id))
    where = f"{store.url}/{_key(run_id)}"
    if stored is None:
        raise ConfigError(f"{where} is not there: the run made no request, or its log was pruned")
    try:
        text = zlib.decompressobj(_GZIP).decompress(stored.data, _MOST_BYTES).decode()
        return [json.loads(line) for line in text.splitlines()]
    except (zlib.error, ValueError) as error:
        raise ConfigError(f"{where} is damaged: {error}") from error


def _key(run_id: str) -> str:
    return f"{REQUESTS}{run_id}.jsonl.gz"
