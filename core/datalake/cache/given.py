"""Rows that a pipeline fetched by itself, held to what the dataset promises like any others."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import evolve

from ..errors import SchemaError
from ..models import Dataset, Stamp
from ..series import Reject, Series, to_series
from ..stores import Store
from . import rejected
from .keys import SeriesKey
from .rows import timed


def let_in(store: Store, key: SeriesKey, dataset: Dataset, rows: Any, moment: datetime) -> Series:
    """The series that the rows (`date` and the dataset's columns) are; what is not let in is kept
    beside it, with the reason. Raises SchemaError."""
    try:
        series = to_series(evolve(dataset, stamp=Stamp.START), timed(rows), now=moment)
    except SchemaError as error:
        rejected.keep(store, key, [Reject(str(error))], moment)
        raise
    if series.rejects:
        rejected.keep(store, key, series.rejects, moment)
    return series
