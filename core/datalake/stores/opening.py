"""From a URL, or a plain path, to the store that it names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ..errors import ConfigError
from .base import Store

if TYPE_CHECKING:
    from .local import LocalStore

#: One letter is no scheme but a drive of Windows.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


def open_store(
    url: str,
    openers: Mapping[str, Callable[[str], Store]],
    environment: Mapping[str, str] | None = None,
) -> Store:
    """The store at a URL, by its scheme; a plain path is a folder.

    `openers` are those that plugins bring; `file`, `gs` and `memory` are always known.
    `environment` holds what a user sets for a bucket (default: the process's). Raises ConfigError
    for a scheme that nobody opens, or a URL that its opener refuses.
    """
    if not url.strip():
        raise ConfigError("the store's URL is empty: give a folder, or a URL such as memory:")
    found = _SCHEME.match(url)
    known: dict[str, Callable[[str], Store]] = {
        "file": open_local,
        "memory": open_memory,
        "gs": partial(open_bucket, environment=os.environ if environment is None else environment),
        **openers,
    }
    scheme = found[1].lower() if found else "file"
    if scheme not in known:
        raise ConfigError(
            f"no store is known for {scheme}: ({url}); give a plain path, or a URL with "
            f"{', '.join(f'{name}:' for name in sorted(known))}"
        )
    return known[scheme](url)


def open_bucket(url: str, environment: Mapping[str, str]) -> Store:
    """A Google Cloud Storage bucket, as `gs://bucket` or `gs://bucket/prefix`."""
    from .gcs_client import open_gcs

    return open_gcs(url, environment)


def open_local(url: str) -> LocalStore:
    """A folder, as a plain path, `file:relative/path` or `file:///absolute/path`."""
    from .local import LocalStore

    if not url.lower().startswith("file:"):
        return LocalStore(url)
    if not url[5:].startswith("//"):
        return LocalStore(url[5:] or ".")
    host, _, path = url[7:].partition("/")
    if host not in ("", "localhost"):
        raise ConfigError(
            f"{url}: a file: URL names a folder on this machine; "
            f"write file:///{host}/{path}, or a plain path"
        )
    return LocalStore("/" + unquote(path))


def open_memory(url: str) -> Store:
    """A fresh, empty store in this process."""
    from .memory import MemoryStore

    if url.lower() not in ("memory:", "memory://"):
        raise ConfigError(f"{url}: a store in memory has no name; write memory:")
    return MemoryStore()


def open_from_environment(url: str) -> Store:
    """The store at a URL, with nothing but the process's own environment: for other processes."""
    return open_store(url, {})
