"""The asset cache: series shared between runs and pipelines, over any store."""

from .assets import AssetCache, Cached
from .coverage import Coverage
from .keys import SeriesKey
from .objects import Found, Miss

__all__ = ["AssetCache", "Cached", "Coverage", "Found", "Miss", "SeriesKey"]
