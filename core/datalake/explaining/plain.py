"""An explained number as JSON has it."""

from __future__ import annotations

from typing import Any

from ..running.records.inputs import Input
from .cell import Part
from .explain import Explained


def plain(found: Explained, asset: str) -> dict[str, Any]:
    """What is known of the cell, with each member's own series; `asset` is what was asked for."""
    rule = found.cell.rule
    sources: dict[str, list[Input]] = {}
    for one in found.inputs:
        sources.setdefault(one.asset, []).append(one)
    return {
        "asset": asset,
        "canonical_id": found.canonical_id,
        "column": found.column,
        "date": found.day,
        "open_day": found.open_day,
        "value": found.published,
        "recomputed": found.cell.value,
        "equal": found.equal,
        "note": found.cell.note,
        "rule": rule.text,
        "rule_where": str(rule.where),
        "source": list(rule.source),
        "members": [
            {**_part(part), "series": [_series(one) for one in sources.get(part.asset, ())]}
            for part in found.cell.members
        ],
        "lost": dict(found.lost),
        "run_id": found.run_id,
        "as_of": found.as_of.isoformat(),
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "asset": part.asset,
        "kind": part.kind,
        "value": part.value,
        "entered": part.entered,
        "why": part.why,
        "guard": part.guard,
        "where": part.where,
    }


def _series(one: Input) -> dict[str, Any]:
    return {
        "dataset": f"{one.provider}.{one.dataset}",
        "native_id": one.native_id,
        "object": one.key.path,
        "sha256": one.sha256,
        "how": one.how,
        "asked_at": one.asked_at.isoformat() if one.asked_at else None,
        "learnt_at": one.learnt_at.isoformat() if one.learnt_at else None,
        "known_through": one.known_through,
    }
