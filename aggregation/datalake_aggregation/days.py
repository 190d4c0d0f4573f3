"""Days, whatever they are written as: looked at once, and numbers that run on by one."""

from __future__ import annotations

import narwhals.stable.v2 as nw

from datalake_aggregation.engines import Frame, collected

UTC = (None, "UTC", "Etc/UTC", "+00:00")  # a time without a zone is taken for one of UTC


def days(rows: Frame) -> nw.Expr:
    """Return the column `date`, which comes out as it came in: dates, or midnights of UTC.

    Raises ValueError for anything else: rows of one day would not meet.
    """
    dtype = rows.collect_schema()["date"]
    if dtype == nw.Date:
        return nw.col("date")
    if dtype == nw.Datetime:
        _check_midnights(rows, getattr(dtype, "time_zone", None))
        return nw.col("date")
    # engines give a column of nothing but nulls any type
    if len(collected(rows.filter(~nw.col("date").is_null()).select("date").head(1))):
        raise ValueError(f'the column "date" holds {dtype}, not days; convert it to dates first')
    return nw.lit(None).cast(nw.Date).alias("date")


def _check_midnights(rows: Frame, zone: str | None) -> None:
    if zone not in UTC:
        raise ValueError(
            f'the column "date" is in the time zone {zone}, but a row stands for a day of UTC; '
            "convert it to UTC, or to dates, first"
        )
    time = nw.col("date").dt
    late = (time.hour() > 0) | (time.minute() > 0) | (time.second() > 0) | (time.microsecond() > 0)
    for row in collected(rows.filter(late).select("date").head(1)).rows(named=True):
        raise ValueError(
            f'the column "date" holds {row["date"]:%Y-%m-%d %H:%M:%S}, but a row stands for a '
            "whole day; convert it to dates, and keep one row per asset and day"
        )


def day_number() -> nw.Expr:
    """Count the column `date` as `date.toordinal` does; no engine-neutral expression does so."""
    day = nw.col("date").dt
    past = day.year().cast(nw.Int64) - 1
    return past * 365 + past // 4 - past // 100 + past // 400 + day.ordinal_day()
