"""The published schema of run reports, for every test that makes a run."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

SCHEMA = json.loads(
    (Path(__file__).parents[1] / "docs" / "reference" / "run-report.schema.json").read_text(
        encoding="utf-8"
    )
)
VALIDATOR = jsonschema.Draft202012Validator(
    SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)


def check_report(text: str | bytes) -> None:
    """Fail where a report is not as the schema says."""
    VALIDATOR.validate(json.loads(text))


def check_reports(folder: Path) -> int:
    """Check every report under a folder, and say how many there are."""
    found = [*folder.rglob("runs/v1/*.json"), *folder.rglob("*.report.json")]
    for path in found:
        check_report(path.read_bytes())
    return len(found)
