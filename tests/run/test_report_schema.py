"""docs/reference/run-report.schema.json describes each field of every report that a run writes."""

from __future__ import annotations

import json
from datetime import timedelta

import jsonschema
import pytest
from attrs import fields_dict

from datalake.exits import Exit
from datalake.publish import open_place
from datalake.running.reporting.report import STATUS, Report, keep
from datalake.stores import open_store

from ..reports import SCHEMA, VALIDATOR, check_report
from .conftest import AS_OF


def parts(schema, path="report"):
    """Every part of the schema with its place."""
    yield path, schema
    for name, below in schema.get("properties", {}).items():
        yield from parts(below, f"{path}.{name}")
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            yield from parts(schema[word], f"{path}[]")
    for name, below in schema.get("$defs", {}).items():
        yield from parts(below, name)


def test_it_is_a_schema_of_this_report():
    """Valid itself, and with the fields, words and codes of the code."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert list(SCHEMA["properties"]) == list(fields_dict(Report))
    assert SCHEMA["properties"]["status"]["enum"] == list(STATUS.values())
    assert SCHEMA["properties"]["exit_code"]["enum"] == [int(code) for code in STATUS]


def test_each_field_is_described():
    """In a sentence, wherever it stands; texts in a list need none."""
    for path, part in parts(SCHEMA):
        if "$ref" not in part and part != {"type": "string"}:
            assert part.get("description", "").endswith("."), path


def test_reports_of_every_ending_are_valid(sandbox_run):
    """Published, degraded, refused, failed at the prices, failed at the list, offline."""
    endings = {
        sandbox_run(assets=["bitcoin"], **given).exit
        for given in (
            {},
            {"sandbox_faults": ["lunarcrush=503"], "as_of": AS_OF + timedelta(days=1)},
            {"strict": True, "sandbox_faults": ["lunarcrush=503"], "refresh": ["all"]},
            {"offline": True},
        )
    }
    assert endings == {Exit.PUBLISHED, Exit.DEGRADED, Exit.REFUSED}
    assert sandbox_run(cache="memory:", sandbox_faults=["=503"]).exit is Exit.FAILED
    far = {"cache": "memory:", "providers": ["coingecko"], "sandbox_faults": ["market_chart=404"]}
    assert sandbox_run(assets=["bitcoin"], **far).exit is Exit.FAILED


@pytest.mark.parametrize("field", ["run_id", "providers", "freshness"])
def test_what_is_missing_or_more_is_found(sandbox_run, field):
    """The check can fail."""
    report = json.loads(sandbox_run(assets=["bitcoin"], providers=["coingecko"]).report.json())
    del report[field]
    assert not VALIDATOR.is_valid(report)
    with pytest.raises(jsonschema.ValidationError):
        check_report(json.dumps({**report, field: {}, "more": 1}))


def test_a_report_that_finds_a_folder_in_its_place_is_told(sandbox_run, tmp_path, caplog):
    """One that came while the run was at work: what is published is published, and the report is
    where else it may be."""
    made = sandbox_run(assets=["bitcoin"], providers=["coingecko"])
    (tmp_path / "data.report.json").unlink()
    (tmp_path / "data.report.json").mkdir()
    store = open_store(str(tmp_path / "other"), {})
    keep(made.report, store, open_place(tmp_path / "data.parquet", {}, {}), tmp_path / "r.json")
    assert "data.report.json is taken" in caplog.text
    assert json.loads((tmp_path / "r.json").read_text())["run_id"] == made.report.run_id
    assert [entry.key for entry in store.list("runs/")] == [f"runs/v1/{made.report.run_id}.json"]
