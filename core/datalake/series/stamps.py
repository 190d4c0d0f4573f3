"""From a source's time stamps to the UTC days that its rows cover."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa

from ..errors import SchemaError
from ..models import DAY, Dataset, Stamp
from .arrays import Array, to_numpy
from .columns import plain

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
#: The day of the first bitcoin: no series of this field is older.
FIRST_DAY = datetime(2009, 1, 3, tzinfo=timezone.utc)
#: No stamp of any source reaches it; a count in the wrong unit does. Days after `now` are no
#: fault: a replay of recorded answers has them, and the wanted window crops them.
LAST_DAY = datetime(2100, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)
MICROS_PER_DAY = 86_400_000_000
MICROS = {"s": 1_000_000, "ms": 1_000}
UNITS = {"s": "seconds", "ms": "milliseconds"}

#: No row of a series: the stamp says nothing of a closed day.
NO_DAY = -1


def to_stamps(dataset: Dataset, values: Any) -> Array:
    """The column `time` as microseconds since 1970.

    Integers count the dataset's unit; time stamps without a zone are UTC; a date is its midnight.
    SchemaError where it is something else, or lies outside 2009 to 2099.
    """
    try:
        delivered = plain(values)
        if isinstance(delivered, list):
            return _from_list(dataset, delivered)
        if isinstance(delivered, np.ndarray):
            return _from_numpy(dataset, delivered)
        return _from_arrow(dataset, delivered)
    except (TypeError, OverflowError, pa.ArrowException) as error:
        raise SchemaError(f"column 'time' cannot be read: {error}") from error


def to_days(dataset: Dataset, stamps: Array, *, now: datetime) -> Array:
    """The day (since 1970) that each stamp's row covers, or NO_DAY."""
    days = stamps // MICROS_PER_DAY
    if dataset.stamp is Stamp.START:
        return days
    today = (now - EPOCH) // DAY
    return np.where(stamps % MICROS_PER_DAY == 0, days - 1, np.where(days == today, days, NO_DAY))


def _from_list(dataset: Dataset, items: list[Any]) -> Array:
    kinds = set(map(type, items))
    if kinds and all(issubclass(kind, date) for kind in kinds):
        moments = [(_moment(item) - EPOCH) // MICROSECOND for item in items]
        return _in_range(np.array(moments, dtype=np.int64), 1, "")
    numbers = (int, float, np.integer, np.floating)
    for item in items:
        if not isinstance(item, numbers) or isinstance(item, bool):
            raise SchemaError(f"column 'time' holds {item!r:.60}, which is no {_expected(dataset)}")
    whole = all(issubclass(kind, (int, np.integer)) for kind in kinds)
    return _counted(dataset, np.array(items, dtype=np.int64 if whole else np.float64))


def _from_numpy(dataset: Dataset, items: Array) -> Array:
    if items.dtype.kind in "iuf":
        return _counted(dataset, items)
    if items.dtype.kind != "M" or np.isnat(items).any():
        wrong = "an unknown time (NaT)" if items.dtype.kind == "M" else items.dtype.name
        raise SchemaError(f"column 'time' holds {wrong}, which is no {_expected(dataset)}")
    return _in_range(items.astype("M8[us]").astype(np.int64), 1, "")


def _from_arrow(dataset: Dataset, items: Any) -> Array:
    if items.null_count:
        raise SchemaError(f"column 'time' holds a null, which is no {_expected(dataset)}")
    kind = items.type
    if pa.types.is_integer(kind) or not len(items):
        return _counted(dataset, to_numpy(items.cast(pa.int64()), "i8")[0])
    if pa.types.is_floating(kind):
        return _counted(dataset, to_numpy(items.cast(pa.float64()), "f8")[0])
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        zone = kind.tz if pa.types.is_timestamp(kind) else None
        moments = items.cast(pa.timestamp("us", zone), safe=False)
        return _in_range(to_numpy(moments, "i8")[0], 1, "")
    raise SchemaError(f"column 'time' came as Arrow's {kind}, which is no {_expected(dataset)}")


def _counted(dataset: Dataset, items: Array) -> Array:
    scale = MICROS[dataset.time_unit]
    hint = (
        f"; {dataset.name!r} declares time_unit={dataset.time_unit!r}: are they {_other(dataset)}?"
    )
    _in_range(items, scale, hint)
    micros = np.rint(items * scale) if items.dtype.kind == "f" else items.astype(np.int64) * scale
    return micros.astype(np.int64)


def _in_range(items: Array, scale: int, hint: str) -> Array:
    first, last = (FIRST_DAY - EPOCH) // MICROSECOND, (LAST_DAY - EPOCH) // MICROSECOND
    fits = (items >= first / scale) & (items <= last / scale)
    if not fits.all():
        raise SchemaError(
            f"column 'time' holds {items[~fits][0]}, which lies outside "
            f"{FIRST_DAY:%Y-%m-%d} to {LAST_DAY:%Y-%m-%d}{hint}"
        )
    return items


def _moment(item: date) -> datetime:
    if not isinstance(item, datetime):
        return datetime(item.year, item.month, item.day, tzinfo=timezone.utc)
    return item if item.tzinfo else item.replace(tzinfo=timezone.utc)


def _expected(dataset: Dataset) -> str:
    return f"time stamp and no integer of {UNITS[dataset.time_unit]} since 1970"


def _other(dataset: Dataset) -> str:
    return "milliseconds" if dataset.time_unit == "s" else "seconds"
