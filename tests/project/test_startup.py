"""Asking for help costs little: nothing heavy is imported before there is work for it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .conftest import quiet_environment

HEAVY = {
    *("duckdb", "google", "msgspec", "narwhals", "numpy", "pandas", "polars", "pyarrow"),
    *("pluggy", "requests", "requests_cache", "rich", "structlog", "tenacity", "urllib3", "yaml"),
}
HELP = """
import sys
from datalake.cli import main
sys.argv = ["datalake", *{arguments!r}]
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
"""
LIST = """
import json, sys
print(json.dumps(sorted({module.partition(".")[0] for module in sys.modules})), file=sys.stderr)
"""


def imported(program, cwd):
    """The distributions' modules that a program leaves behind in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", program + LIST],
        cwd=cwd,
        env=quiet_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "program",
    ["import datalake", *(HELP.format(arguments=[flag]) for flag in ("--help", "--version"))],
    ids=["import datalake", "--help", "--version"],
)
def test_start_up_imports_nothing_heavy(program, tmp_path):
    """Neither the library nor its help pays for a run."""
    assert imported(program, tmp_path) & HEAVY == set()


def test_the_plugin_for_pytest_imports_nothing_heavy(tmp_path):
    """It is loaded in every project of whoever has datalake and pytest."""
    own = imported("import pytest, datalake.testing.plugin", tmp_path)
    assert own & HEAVY == imported("import pytest", tmp_path) & HEAVY


def test_the_list_of_heavy_modules_is_not_idle(tmp_path):
    """A command that does work does import some of them: the check above can fail."""
    arguments = HELP.format(arguments=["universe", "--help"])
    assert imported(arguments, tmp_path) & HEAVY
