"""Fold many assets into canonical ones: a mapping a person can review, applied to any frame.

from datalake_aggregation import load_mapping, aggregate

aggregate(frame, load_mapping())   # date, asset, metrics → date, canonical_id, metrics
"""

from datalake_aggregation.fold import Folded, aggregate, fold
from datalake_aggregation.loading import load_mapping, mapping_texts, parse_mapping
from datalake_aggregation.mapping import Guard, Mapping, Member, Rule
from datalake_aggregation.problems import MappingError, Place
from datalake_aggregation.reducing import ReducerError
from datalake_aggregation.rules import Reducer

__all__ = [
    "Folded",
    "Guard",
    "Mapping",
    "MappingError",
    "Member",
    "Place",
    "Reducer",
    "ReducerError",
    "Rule",
    "aggregate",
    "fold",
    "load_mapping",
    "mapping_texts",
    "parse_mapping",
]
