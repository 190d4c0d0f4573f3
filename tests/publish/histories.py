"""Recorded histories of coins as a run would have published them, day after day."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone

import polars as pl
from attrs import evolve

from datalake.publish import STANDARD
from datalake.publish.gate.judge import check_gate
from datalake.publish.published import Content, Published
from datalake.rules import GateRules

SERIES = {"prices": "close", "total_volumes": "volume", "market_caps": "market_cap"}


def recorded(folder, pattern):
    """The rows of all recorded market charts of that name, of closed days only."""
    parts = [_rows(path, re.split("__", path.name)[1]) for path in sorted(folder.glob(pattern))]
    rows = pl.concat(parts).unique(["canonical_id", "date"]).sort("canonical_id", "date")
    others = [name for name in STANDARD[2:] if name not in rows.columns]
    return rows.with_columns(pl.lit(None, pl.Float64).alias(name) for name in others).select(
        *STANDARD
    )


def _rows(path, asset):
    document = json.loads(path.read_bytes())
    points = [
        pl.DataFrame(document[key], schema=["time", name], orient="row").select(
            pl.col("time").cast(pl.Int64), pl.col(name).cast(pl.Float64)
        )
        for key, name in SERIES.items()
    ]
    day = (pl.from_epoch("time", "ms") - timedelta(days=1)).dt.date()
    return (
        points[0]
        .join(points[1], on="time")
        .join(points[2], on="time")
        .filter(pl.col("time") % 86_400_000 == 0)
        .select(
            day.alias("date"),
            pl.lit(asset).alias("canonical_id"),
            *(pl.when(pl.col(name) > 0).then(name).alias(name) for name in SERIES.values()),
        )
    )


def published(candidate):
    """What is at the output once the candidate is published."""
    content = Content(
        candidate.rows,
        candidate.last_day,
        candidate.as_of,
        candidate.mapping_sha256,
        candidate.open_day,
    )
    return Published(candidate.synthetic, candidate.as_of, content)


def judged(made, before, now, rules=None, **changes):
    """The gate's checks of rows that are to replace others, by level and name."""
    then = None if before is None else published(_through(made, before, {}))
    candidate = _through(made, now, changes)
    checks = check_gate(candidate, then, rules or GateRules())
    return {
        level: {check.name: check.detail for check in checks if check.level == level}
        for level in ("warning", "refused")
    }


def _through(made, rows, changes):
    last = rows["date"].max()
    candidate = made(rows, last_day=last, as_of=_morning_after(last), **changes)
    notes = [evolve(note, last_closed=last) for note in candidate.columns]
    return evolve(candidate, columns=notes)


def _morning_after(day):
    return datetime(day.year, day.month, day.day, 6, tzinfo=timezone.utc) + timedelta(days=1)
