"""Command lines as a person types them: in real processes, in a folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from attrs import field, frozen

from ..reports import check_reports

SESSION = Path(__file__).with_name("session.py")
DATALAKE = (sys.executable, "-m", "datalake")
#: A run of few series: one coin, one provider, two weeks.
TINY = [
    *["run", "--sandbox", "--providers", "coingecko", "--assets", "dogecoin"],
    *["--since", "2026-03-01", "--as-of", "2026-03-15T10:30Z"],
]


@frozen
class Done:
    """How a process ended, and what it said."""

    code: int
    out: str
    err: str

    def __attrs_post_init__(self) -> None:
        assert "Traceback" not in self.out + self.err, self.err


@frozen
class Line:
    """One command line, with the files that lie in its folder and the variables that are set."""

    args: Sequence[str]
    files: dict[str, str | bytes] = field(factory=dict)
    env: dict[str, str] = field(factory=dict)


def environment(home: Path, **more: str) -> dict[str, str]:
    """The variables of a user who has set nothing for datalake."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **more}


@pytest.fixture
def datalake(tmp_path: Path) -> Iterator[Callable[..., Done]]:
    """Run one command in a process of its own; the reports that runs leave keep to their schema."""

    def call(*args: str, under: Sequence[str] = (), **env: str) -> Done:
        done = subprocess.run(
            [*under, *DATALAKE, *args],
            cwd=tmp_path,
            env=environment(tmp_path, **env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    yield call
    check_reports(tmp_path)


def session(folder: Path, lines: dict[str, Line]) -> dict[str, Done]:
    """Run many command lines, one after another in one process: starting costs the most."""
    asked = []
    for name, line in lines.items():
        place = folder / name
        place.mkdir()
        for file, content in line.files.items():
            path = place / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        asked.append({"folder": str(place), "args": list(line.args), "env": line.env})
    done = subprocess.run(
        [sys.executable, str(SESSION)],
        input=json.dumps(asked).encode(),
        env=environment(folder),
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr.decode()
    answers = json.loads(done.stdout)
    return {name: Done(**answer) for name, answer in zip(lines, answers, strict=True)}
