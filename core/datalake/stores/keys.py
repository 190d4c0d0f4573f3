"""Which keys a store takes: names that mean the same object on every file system and bucket."""

from __future__ import annotations

import re

from ..errors import StoreError

#: What the usual file systems allow for one name.
LONGEST_PART = 255
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\\]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def check_key(key: str) -> str:
    """The key itself; StoreError where it is not a relative path of plain, visible names."""
    fault = _fault(key)
    if fault:
        raise StoreError(f"the key {key!r} cannot be stored: {fault}")
    return key


def check_prefix(prefix: str) -> str:
    """A prefix may end anywhere in a name, but its folders must be those of a key."""
    folder = prefix.rpartition("/")[0]
    if folder:
        check_key(folder)
    elif prefix.startswith("/"):
        raise StoreError(f"the prefix {prefix!r} cannot be listed: it must not begin with '/'")
    return prefix


def _fault(key: str) -> str | None:
    if _UNSEEN.search(key):
        return "it must not hold control characters or backslashes"
    for part in key.split("/"):
        if not part:
            return "it must be relative, and none of its parts empty"
        if part.startswith("."):
            return "none of its parts may begin with a dot"
        if len(part.encode("utf-8", "surrogatepass")) > LONGEST_PART:
            return f"each of its parts may have {LONGEST_PART} bytes at most"
    if _SURROGATE.search(key):
        return "it must be text that UTF-8 can hold"
    return None
