"""Logs for machines: each line is JSON and names its run; the events are all there, no key is."""

from __future__ import annotations

import json

from .conftest import TINY


def test_each_line_names_the_run(datalake, tmp_path):
    """The same id that the report has, from the first line on."""
    key = "CG-canary-0123456789abcdef"
    done = datalake(
        *TINY, "--log-format", "json", "--log-level", "debug", COINGECKO_PRO_API_KEY=key
    )
    assert done.code == 0
    report = json.loads((tmp_path / ".datalake/sandbox/user_facing_data.report.json").read_text())
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert {line["run_id"] for line in lines} == {report["run_id"]}
    assert key not in done.err
    told = {line["event"]: line for line in lines if line["logger"].endswith("running.events")}
    assert list(told) == ["run begins", "universe known", "provider done", "run ends"]
    provider, end = told["provider done"], told["run ends"]
    figures = report["providers"]["coingecko"]
    assert [provider[name] for name in ("calls", "series", "rows")] == [
        figures[name] for name in ("calls", "series", "rows")
    ]
    assert (end["status"], end["exit_code"]) == ("published", 0)
    assert end["sha256"] == report["output"]["sha256"]


def test_a_text_log_has_no_line_for_machines_unasked(datalake):
    """At the usual level a run that goes well says nothing but its progress."""
    done = datalake(*TINY)
    assert "run begins" not in done.err
    assert "run_id" not in done.err
