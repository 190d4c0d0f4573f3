"""The check that a row means the day that it says: against values that somebody looked up."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

from ..models import DAY, Dataset, Stamp
from .outcomes import Dangerous, Unmet, Unproven
from .samples import INDEX
from .trial import Rows, Trial

#: So far a value may be from the one that was looked up.
CLOSE = 1e-6


def stamp(trial: Trial, dataset: Dataset) -> None:
    """The values of a day that somebody looked up are found on that day."""
    rows, known = trial.fetched(dataset).rows, trial.samples.known.get(dataset.name, {})
    window = trial.samples.window
    inside = {day: told for day, told in known.items() if window.start <= day < window.end}
    if not inside:
        day, column = window.last, next(iter(dataset.columns))
        raise Unproven(
            f"nothing proves which day a row of {dataset.name} means, and data that are a day off "
            "look all right. Look one day up on the vendor's own page and write it to "
            f'{trial.samples.folder / INDEX}: "known": '
            f'{{"{dataset.name}": {{"{day}": {{"{column}": …}}}}}}'
        )
    for day, told in inside.items():
        for column, value in told.items():
            _as_known(dataset, rows, day, column, value)


def _as_known(dataset: Dataset, rows: Rows, day: date, column: str, value: float | str) -> None:
    if column not in dataset.columns:
        raise Unmet(f"the index knows {column!r}, which is no column of {dataset.name}")
    found = rows.get(day, {}).get(column)
    if _same(found, value):
        return
    for off, word, side in ((1, "late", Stamp.END), (-1, "early", Stamp.START)):
        if _same(rows.get(day + off * DAY, {}).get(column), value):
            raise Dangerous(
                f"{dataset.name} is one day {word}: the {column} of {day} ({value}) comes as that "
                f"of {day + off * DAY}. The vendor stamps a row with the {side.value}: declare "
                f"stamp=Stamp.{side.name}"
            )
    raise Dangerous(
        f"{dataset.name} has {column}={found} on {day}, and {value} was looked up"
        f"{_ratio(found, value)}"
    )


def _ratio(found: Any, value: float | str) -> str:
    """What a power of ten between the two suggests."""
    if not isinstance(found, float | int) or not isinstance(value, float | int) or not value:
        return ""
    power = math.log10(found / value) if found / value > 0 else math.nan
    if not math.isclose(power, round(power), abs_tol=CLOSE) or not round(power):
        return ""
    return f": {10.0 ** round(power):g} times as much, so the unit is another than declared"


def _same(found: Any, value: float | str) -> bool:
    if isinstance(found, float | int) and isinstance(value, float | int):
        return math.isclose(found, value, rel_tol=CLOSE)
    return bool(found == value)
