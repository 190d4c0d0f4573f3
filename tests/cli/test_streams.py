"""Pipes that close, terminals that are narrow, streams that are missing: the run is the run."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import DATALAKE, TINY, Done, environment

Call = Callable[..., Done]
RUN = " ".join([*DATALAKE, *TINY])


def shell(folder: Path, script: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """What bash makes of a line in which `$RUN` is a tiny run."""
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment(folder, RUN=RUN, **env),
        capture_output=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    "script",
    [
        "$RUN | head -1; exit ${PIPESTATUS[0]}",
        "$RUN | true; exit ${PIPESTATUS[0]}",
        "$RUN --log-level debug 2>&1 | true; exit ${PIPESTATUS[0]}",
        "$RUN <&-",
        "$RUN >&-",
        "$RUN 2>&-",
        "$RUN <&- >&- 2>&-",
        "$RUN >/dev/full",
        "$RUN 2>/dev/full",
        "LC_ALL=C PYTHONIOENCODING=ascii $RUN",
        "env -u HOME -u LANG $RUN",
    ],
)
def test_who_listens_does_not_decide_how_a_run_ends(tmp_path: Path, script: str) -> None:
    """The file is published and the exit code is 0, whatever became of stdin, stdout, stderr."""
    done = shell(tmp_path, script)
    assert done.returncode == 0, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert b"Error" not in done.stderr
    assert (tmp_path / ".datalake/sandbox/user_facing_data.parquet").exists()


def test_streams_that_are_missing_do_not_hide_a_mistake(tmp_path: Path) -> None:
    """The exit code is still that of the mistake."""
    assert shell(tmp_path, "$RUN --top 0 <&- >&- 2>&-").returncode == 2
    assert shell(tmp_path, "$RUN --top 0 2>/dev/full >/dev/full").returncode == 2


def test_quiet_says_nothing_of_a_success(datalake: Call) -> None:
    """Neither on stdout nor on stderr; what went wrong is said all the same, once."""
    assert datalake(*TINY, "--quiet") == Done(0, "", "")
    fault = ("--sandbox-fault", "uniswap/market_chart=string", "--assets", "dogecoin,uniswap")
    done = datalake(*TINY, *fault, "--cache", "memory:", "--output", "x.parquet", "--quiet")
    assert done.code == 3, done.err
    assert done.out == ""
    assert done.err.startswith("degraded: 1 series of coingecko failed")
    assert done.err.count("\n") == 1


def test_json_logs_are_one_object_on_each_line(datalake: Call) -> None:
    """Whatever is said on stderr: progress, a bad line in .env, the reason of a failure."""
    everything = ("--log-format", "json", "--log-level", "debug")
    for args, code, event in (
        ((), 0, "coingecko: "),
        (("--sandbox-fault", ".=401", "--cache", "memory:", "--output", "x.parquet"), 7, "failed:"),
        (("--top", "0"), 2, "error: --top 0"),
    ):
        done = datalake(*TINY, *everything, *args)
        assert done.code == code, done.err
        said = [json.loads(line) for line in done.err.splitlines()]
        assert all(isinstance(one, dict) and one["level"] for one in said)
        assert any(one["event"].startswith(event) for one in said)


def test_a_bad_line_in_dotenv_is_a_log_record(datalake: Call, tmp_path: Path) -> None:
    """It is read before the settings are known, and must not slip past the format."""
    (tmp_path / ".env").write_text("=\nCOINGECKO_PLAN=keyless\n")
    done = datalake(*TINY, "--log-format", "json")
    assert done.code == 0
    assert "keyless" in done.out
    (record,) = [json.loads(line) for line in done.err.splitlines()]
    assert "line 1" in record["event"]


@pytest.mark.parametrize("columns", ["40", "100"])
def test_a_terminal_shows_bars(tmp_path: Path, columns: str) -> None:
    """One for each provider, however narrow the window; every one comes to its end."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*DATALAKE, *TINY],
        cwd=tmp_path,
        env=environment(tmp_path, COLUMNS=columns, TERM="xterm", NO_COLOR="1"),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert process.wait(timeout=60) == 0
    text = shown.decode()
    assert "Traceback" not in text
    assert "━" in text
    assert "coingecko" in text
    assert "dogecoin" in text  # columns go, from the right; what is left is whole
    assert "…" not in text
    assert not re.search(r"\x1b\[[0-9;]*\b[39][0-7]m", text), "NO_COLOR was asked for"


def test_the_module_is_the_command() -> None:
    """`python -m datalake` and `datalake` are the same."""
    done = subprocess.run([sys.executable, "-m", "datalake", "--help"], capture_output=True)
    assert done.returncode == 0
    assert b"Usage: " in done.stdout
