"""`datalake publish gate`: a kept candidate held against what is published, by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import polars as pl
import pytest
from click.testing import CliRunner

from datalake.cli import cli
from datalake.errors import ConfigError
from datalake.publish import publish

IDS = [f"asset-{at:02}" for at in range(20)]


@pytest.fixture
def output(tmp_path, monkeypatch, made, frame):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "user_facing_data.parquet"
    assert publish(made(frame(ids=IDS)), path).published
    return path


def gate(*arguments):
    result = CliRunner().invoke(cli, ["publish", "gate", *arguments, "--format", "json"])
    if isinstance(result.exception, ConfigError):
        raise result.exception
    return result.exit_code, {check["name"]: check for check in json.loads(result.stdout)}


def test_a_kept_candidate_is_refused_again(output, made, frame):
    """With the same words as the run's, exit code 4, and nothing changes."""
    refused = publish(made(frame(ids=IDS[:5])), output)
    before = {path: path.read_bytes() for path in output.parent.glob("*.parquet")}
    code, checks = gate()
    assert code == 4
    told = {check.name: check.detail for check in refused.checks if check.level == "refused"}
    assert {name: checks[name]["detail"] for name in told} == told
    assert "unexplained" in checks["evidence"]["detail"]
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("form", ["json", "table"])
def test_a_reader_that_went_away_does_not_change_the_exit_code(output, made, frame, form):
    """As in `datalake publish gate --format json | true`."""
    publish(made(frame(ids=IDS[:5])), output)
    reader, writer = os.pipe()
    os.close(reader)
    line = [sys.executable, "-m", "datalake", "publish", "gate", "--format", form]
    done = subprocess.run(line, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (4, "")


def test_what_is_published_passes(output):
    """Against itself, by its path, with an output that is named."""
    code, checks = gate(str(output), "--output", str(output))
    assert code == 0
    assert {check["level"] for check in checks.values()} == {"ok", "warning"}


def test_the_bounds_are_those_of_the_settings(output, made, frame):
    """A candidate that was refused may pass once a bound is moved."""
    publish(made(frame(ids=IDS[:17])), output)
    assert gate()[0] == 4
    (output.parent / "datalake.toml").write_text("[gate]\nmin_ratio = 0.8\nmax_share = 0.2\n")
    assert gate()[0] == 0


def test_only_candidates_are_tried(output, tmp_path):
    """Anything else is a mistake, told with its path."""
    with pytest.raises(ConfigError, match=r"no candidate is kept at .*candidate\.parquet"):
        gate()
    other = tmp_path / "other.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(other)
    with pytest.raises(ConfigError, match=r"other\.parquet is no candidate of datalake's"):
        gate(str(other))
    with pytest.raises(ConfigError, match=r"nowhere\.parquet cannot be read"):
        gate("nowhere.parquet")
