"""A family's series: the sum of its members' on the days that all of them tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]

#: A member that is silent for longer than this has ended; until then it may only be late, and a
#: sum without it would look like a fall. Adapters of DefiLlama stand still for days at times.
LATE_S = 14 * 86_400


def total(column: str, members: Sequence[Columns]) -> Columns:
    """The members' values added by day.

    A member is expected from its first value that is not zero to its last; and, if that is not
    zero, as long as it may only be late. A day on which one is expected and missing is left out.
    """
    told = [_told(column, member) for member in members]
    told = [(time, values) for time, values in told if len(time)]
    days = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *(time for time, _ in told)]))
    whole, complete = np.zeros(len(days)), np.ones(len(days), dtype=bool)
    for time, values in told:
        there = np.isin(days, time)
        whole[there] += values
        complete &= there | (days < time[0]) | (days > _expected_through(time, values, days[-1]))
    return {"time": days[complete], column: whole[complete]}


def _told(column: str, member: Columns) -> tuple[NDArray[Any], NDArray[Any]]:
    """The days with a value, from the first that is not zero on."""
    values = member[column]
    begun = np.logical_or.accumulate(values > 0)
    chosen = begun & ~np.isnan(values)
    return member["time"][chosen], values[chosen]


def _expected_through(time: NDArray[Any], values: NDArray[Any], newest: int) -> int:
    late = values[-1] > 0 and newest - time[-1] <= LATE_S
    return int(newest if late else time[-1])
