"""Stores keep bytes by key: a folder, memory, a bucket, or whatever a plugin registers."""

from .base import ABSENT, Entry, Store, Stored
from .keys import check_key, check_prefix
from .opening import open_store

__all__ = ["ABSENT", "Entry", "Store", "Stored", "check_key", "check_prefix", "open_store"]
