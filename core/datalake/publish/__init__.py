"""Publishing: a candidate passes the contract and the gate, then replaces the files at once."""

from __future__ import annotations

from .candidate import (
    STANDARD,
    AssetNote,
    Candidate,
    Check,
    ColumnNote,
    GateRules,
    Outcome,
)
from .flow import publish
from .target import check_output

__all__ = [
    "STANDARD",
    "AssetNote",
    "Candidate",
    "Check",
    "ColumnNote",
    "GateRules",
    "Outcome",
    "check_output",
    "publish",
]
