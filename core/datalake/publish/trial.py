"""A kept candidate before contract and gate once more, by its file alone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import ConfigError
from ..rules import GateRules
from .candidate import AssetNote, Candidate, Check, ColumnNote
from .contract import check_contract
from .fence import check_fence
from .gate.judge import check_gate
from .gate.ratchet import check_ratchet
from .layout import DATA, read_metadata
from .place import Place
from .published import Published, look
from .rows import ids_of
from .standing import examine

_ALONE = Check(
    "evidence",
    False,
    "warning",
    "a file alone tells neither what vendors revised nor what other providers say: what changed "
    "counts as unexplained, and there is no second opinion",
)


def try_file(data: bytes, name: str, place: Place, rules: GateRules) -> tuple[Check, ...]:
    """What a run with this candidate would have been told; nothing is published.

    Raises ConfigError for a file that is no data file of ours, or data of the other origin.
    """
    candidate = candidate_of(data, name)
    contract = check_contract(candidate)
    if any(check.level == "refused" for check in contract):
        return contract
    standing = examine(place, candidate.synthetic)
    return (
        *contract,
        _ALONE,
        *check_fence(candidate.as_of, standing.newest),
        *check_ratchet(candidate, standing.pointer, rules),
        *check_gate(candidate, standing.data, rules),
    )


def candidate_of(data: bytes, name: str) -> Candidate:
    """The candidate that a data file was, as far as the file tells. Raises ConfigError."""
    found = look(data, DATA)
    if not isinstance(found, Published) or found.content is None:
        why = getattr(found, "reason", None) or getattr(found, "what", "")
        raise ConfigError(f"{name} is no candidate of datalake's: {why}")
    metadata = read_metadata(pq.read_metadata(pa.BufferReader(data)).metadata)
    rows = found.content.rows
    return Candidate(
        rows=rows,
        assets=[AssetNote(one) for one in sorted(ids_of(rows))],
        columns=[_note(column, told) for column, told in metadata["columns"].items()],
        as_of=found.as_of,
        last_day=found.content.last_day,
        synthetic=found.synthetic,
        mapping_sha256=found.content.mapping_sha256,
        learnt_through=found.content.learnt_through,
        open_day=found.content.open_day,
    )


def _note(name: str, told: dict[str, Any]) -> ColumnNote:
    facts = {field: told[field] for field in ("unit", "meaning", "source", "time", "rule")}
    closed = told.get("last_closed")
    return ColumnNote(name, **facts, last_closed=date.fromisoformat(closed) if closed else None)
