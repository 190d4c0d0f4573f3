"""The asset cache: series shared between runs and pipelines, over any store."""

from .assets import AssetCache, Cached, stood_in
from .coverage import Coverage
from .keys import SeriesKey
from .objects import Found, Miss

__all__ = ["AssetCache", "Cached", "Coverage", "Found", "Miss", "SeriesKey", "stood_in"]
