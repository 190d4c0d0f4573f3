"""Coverage over time: of each column, the share of the assets' days of a month that is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

import polars as pl

from ..publish.rows import collected
from .figures import Rows


def by_month(rows: Rows, spans: Iterable[tuple[date, date]]) -> dict[str, Any]:
    """`months`, how many `assets` have days in each, and by column the share that is known.

    `spans` are the first and the last closed day of each asset.
    """
    days, assets = _days(spans)
    counts = _counts(rows)
    months = sorted(days)
    return {
        "months": [f"{month:%Y-%m}" for month in months],
        "assets": [assets[month] for month in months],
        "columns": {
            column: [
                round(counts.get(month, {}).get(rows.name(column), 0) / days[month], 4)
                for month in months
            ]
            for column in rows.columns
        },
    }


def _days(spans: Iterable[tuple[date, date]]) -> tuple[dict[date, int], dict[date, int]]:
    """By month: the days of all assets in it, and how many assets that are."""
    days: dict[date, int] = {}
    assets: dict[date, int] = {}
    for first, last in spans:
        for month in _months(first, last):
            inside = min(last, _next(month) - timedelta(days=1)) - max(first, month)
            days[month] = days.get(month, 0) + inside.days + 1
            assets[month] = assets.get(month, 0) + 1
    return days, assets


def _months(first: date, last: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = _next(month)


def _next(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _counts(rows: Rows) -> dict[date, dict[str, int]]:
    """By month, how many values of each column are known."""
    found = collected(
        rows.closed.group_by(pl.col("date").dt.truncate("1mo").alias("month")).agg(
            pl.col(rows.name(column)).count() for column in rows.columns
        )
    )
    return {one.pop("month"): one for one in found.to_dicts()}
