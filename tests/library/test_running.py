"""`datalake.run` is the command as a function."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import datalake
from datalake import ConfigError, Held
from datalake.cli.run_options import _OPTIONS
from datalake.clock import now
from datalake.publish.lease import leased
from datalake.publish.place import LocalPlace

SMALL = {"sandbox": True, "top": 2, "since": "2026-03-01", "as_of": "2026-03-15T10:30Z"}


def test_nothing_is_left_on_disk(tmp_path, monkeypatch):
    """With a cache in memory and no output all that there is is the result."""
    monkeypatch.chdir(tmp_path)
    result = datalake.run(cache="memory:", environment={}, **SMALL)
    assert (result.exit_code, result.report.status) == (0, "published")
    assert result.table.column_names[:3] == ["date", "canonical_id", "close"]
    assert len(result.table) == result.report.output["rows"]
    assert list(tmp_path.iterdir()) == []


def test_the_table_is_what_is_published(tmp_path):
    """Type by type and row by row."""
    output = tmp_path / "data.parquet"
    result = datalake.run(cache=tmp_path / "lake", output=output, environment={}, **SMALL)
    assert result.table.equals(pq.read_table(output))
    again = datalake.run(
        cache=tmp_path / "lake", output=output, offline=True, environment={}, **SMALL
    )
    assert again.report.message == "nothing new to publish"
    assert again.table.equals(result.table)


def test_a_mistake_is_an_exception(tmp_path):
    """Of the class that says what to do."""
    with pytest.raises(ConfigError, match="there is no provider 'coingeko'"):
        datalake.run(cache="memory:", providers=["coingeko"], environment={}, **SMALL)
    with pytest.raises(ConfigError, match="as_of: 'soon' is not an instant"):
        datalake.run(cache="memory:", environment={}, **{**SMALL, "as_of": "soon"})
    place = LocalPlace(tmp_path / "data.parquet")
    with leased(place.store, "another run", now), pytest.raises(Held, match="another run"):
        datalake.run(cache="memory:", output=place.path, environment={}, **SMALL)


@pytest.mark.parametrize("output", ["memory:", "memory:data.csv", "memory:folder/data.parquet"])
def test_a_file_in_memory_has_a_plain_name(output):
    """As any published file has."""
    with pytest.raises(ConfigError, match="write it like memory:user_facing_data"):
        datalake.run(cache="memory:", output=output, environment={}, **SMALL)


def test_a_run_without_rows_is_a_result():
    """Its report says why; nothing is raised for what a vendor does."""
    result = datalake.run(
        cache="memory:", sandbox_faults=["coingecko=503"], max_calls=3, environment={}, **SMALL
    )
    assert result.exit_code in (6, 7)
    assert result.table is None
    assert result.report.message


def test_its_options_are_those_of_the_command():
    """By the same names; what only a terminal needs is left out."""
    names = {param for option in _OPTIONS[:-1] for param in _names(option)}
    terminal = {"quiet", "log_level", "log_format"}
    ours = set(inspect.signature(datalake.run).parameters)
    assert names - terminal <= ours
    assert ours - names == {"clock", "environment", "gate", "mirror", "plugins", "rates"}


def _names(option):
    def probe():
        """Takes the options."""

    return [param.name for param in option(probe).__click_params__]


SCRIPT = """
from datetime import date

import datalake

lake: datalake.Lake = datalake.open("lake", output="data.parquet")
rows = lake.series("coingecko.market", ["bitcoin"], since=date(2026, 1, 1)).num_rows
top = lake.universe(as_of="2026-03-01", top=50)["canonical_id"].to_pylist()
result = datalake.run(cache="memory:", sandbox=True, top=3)
code: int = result.exit_code
message: str = result.report.message
equal: bool = lake.explain("bitcoin", "volume").equal
"""


def test_a_users_script_is_typed(tmp_path):
    """mypy, as strict as it can be, knows the library and finds what is wrong with a call."""
    mypy = pytest.importorskip("mypy.api")
    sound, wrong = tmp_path / "sound.py", tmp_path / "wrong.py"
    sound.write_text(SCRIPT)
    wrong.write_text(SCRIPT + "lake.series(5)\nlake.universe(topp=3)\ncode = result.table_\n")
    arguments = ["--strict", "--no-incremental", "--config-file", "", str(tmp_path)]
    told, errors, _ = mypy.run(arguments)
    assert errors == ""
    assert [line.partition(":")[0] for line in told.splitlines() if "error" in line[:200]]
    found = [line for line in told.splitlines() if ": error:" in line]
    assert {Path(line.partition(":")[0]).name for line in found} == {"wrong.py"}
    assert len(found) == 3


def test_to_import_it_costs_no_run(tmp_path):
    """Reading series loads neither Polars nor pandas nor Google's client."""
    program = (
        "import sys, datalake; datalake.open(sys.argv[1]).series('coingecko.market');"
        "print({'polars', 'pandas', 'google.cloud.storage', 'duckdb'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
