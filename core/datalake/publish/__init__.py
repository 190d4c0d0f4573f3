"""Publishing: a candidate passes the contract and the gate, then replaces the files at once."""

from __future__ import annotations

from ..names import STANDARD
from ..rules import GateRules
from .candidate import (
    AssetNote,
    Candidate,
    Check,
    ColumnNote,
    Outcome,
)
from .evidence import Evidence, Learnt, Revision
from .flow import publish
from .place import Place, open_place
from .target import check_output

__all__ = [
    "STANDARD",
    "AssetNote",
    "Candidate",
    "Check",
    "ColumnNote",
    "Evidence",
    "GateRules",
    "Learnt",
    "Outcome",
    "Place",
    "Revision",
    "check_output",
    "open_place",
    "publish",
]
