"""What is looked at before anything else: whether the options can be meant."""

from __future__ import annotations

from datetime import datetime

from datalake_aggregation import Mapping

from ..plugins import Registry
from .mapping import MappingTexts, read_texts
from .options import Options
from .plan import check_datasets, check_refresh, check_sources


def checked(
    options: Options, registry: Registry, present: datetime
) -> tuple[MappingTexts, Mapping]:
    """The mapping by which a run goes. Raises ConfigError for a user's mistake."""
    options.check(present)
    check_datasets(options.datasets, registry)
    check_refresh(options.refresh, registry)
    texts = read_texts(options.mapping)
    mapping = texts.parse(registry.reducers)
    check_sources(mapping, registry)
    return texts, mapping
