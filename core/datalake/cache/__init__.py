"""The asset cache: series shared between runs and pipelines, over any store."""

from .assets import AssetCache, Cached, stood_in
from .coverage import Coverage
from .deciding import Decision, decide
from .keys import REVISIONS, SERIES, SeriesKey
from .objects import Found, Miss

__all__ = [
    "REVISIONS",
    "SERIES",
    "AssetCache",
    "Cached",
    "Coverage",
    "Decision",
    "Found",
    "Miss",
    "SeriesKey",
    "decide",
    "stood_in",
]
