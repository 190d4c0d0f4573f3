"""The asset cache: series shared between runs and pipelines, over any store."""

from ..names import REVISIONS, SERIES
from .assets import AssetCache
from .coverage import Coverage
from .deciding import Decision, Look, decide
from .keys import SeriesKey
from .objects import Found, Miss, as_listed
from .served import Cached, CameFrom, came_from, served, stood_in

__all__ = [
    "REVISIONS",
    "SERIES",
    "AssetCache",
    "Cached",
    "CameFrom",
    "Coverage",
    "Decision",
    "Found",
    "Look",
    "Miss",
    "SeriesKey",
    "as_listed",
    "came_from",
    "decide",
    "served",
    "stood_in",
]
