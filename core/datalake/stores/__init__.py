"""Stores keep bytes by key: a folder, memory, a bucket, or whatever a plugin registers."""

from .base import ABSENT, Entry, Store, Stored
from .opening import open_store

__all__ = ["ABSENT", "Entry", "Store", "Stored", "open_store"]
