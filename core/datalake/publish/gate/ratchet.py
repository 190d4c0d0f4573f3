"""The gate's memory: what is lost a little at a time is lost all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...rules import GateRules
from ..candidate import Candidate, Check
from ..layout import instant
from ..pointer import Entry, Pointer
from ..rows import height, ids_of

NAME = "little by little"


def check_ratchet(
    candidate: Candidate, pointer: Pointer | None, rules: GateRules, force: str | None = None
) -> tuple[Check, ...]:
    """The candidate's figures against the most of each in the last publications, both without what
    a day that was open may have brought.

    What was forced is the new level: nothing before it counts. `force` is the reason why a
    candidate that has lost too much is published all the same.
    """
    levels = list(_levels(pointer.history if pointer else (), rules.look_back))
    if not levels:
        return ()
    closed, assets = candidate.closed, len(ids_of(candidate.rows))
    now = _figures(assets, height(closed.rows), closed.known)
    found = [_lost(name, now.get(name, 0), levels, rules.min_ratio) for name in _named(levels)]
    lost = [text for text in found if text]
    if not lost:
        detail = f"no less than {rules.min_ratio:.0%} of the most in {len(levels)} publications"
        return (Check(NAME, True, "ok", detail),)
    detail = f"less than {rules.min_ratio:.0%} of what was: {'; '.join(lost)}"
    if force is not None:
        return (Check(NAME, False, "warning", f"{detail}; published anyway: {force}"),)
    return (Check(NAME, False, "refused", detail),)


def _figures(assets: int, rows: int, values: Mapping[str, int]) -> dict[str, int]:
    known = {f"values of {column}": count for column, count in values.items()}
    return {"assets": assets, "rows": rows, **known}


def _of(entry: Entry) -> dict[str, int]:
    """Of a day that was open each asset had one row at most, which may vanish without a reason."""
    opened = entry.assets if entry.open_day else 0
    values = {column: max(0, count - opened) for column, count in entry.values.items()}
    return _figures(entry.assets, max(0, entry.rows - opened), values)


def _named(levels: Sequence[Entry]) -> dict[str, None]:
    return dict.fromkeys(name for entry in levels for name in _of(entry))


def _levels(history: Sequence[Entry], look_back: int) -> Iterator[Entry]:
    """The publications that somebody stood for, from the newest on: what a rollback went back
    behind is none of them."""
    back_to = None
    for entry in history[:look_back]:
        if back_to not in (None, entry.version):
            continue
        yield entry
        if entry.forced:
            return
        back_to = entry.version if entry.rollback_of else None


def _lost(name: str, now: int, levels: Sequence[Entry], least: float) -> str:
    most = max(levels, key=lambda entry: _of(entry).get(name, 0))
    then = _of(most).get(name, 0)
    if now >= least * then:
        return ""
    return f"{now:,} {name}, {then:,} as of {instant(most.as_of)} (sequence {most.sequence})"
