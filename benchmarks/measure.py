"""One program, once, in a process of its own: how long it took and how much memory it held."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

#: Bytes in the unit of ru_maxrss, which differs by system.
UNIT = 1 if sys.platform == "darwin" else 1024


class Cost(NamedTuple):
    """Wall time and time of the processors in seconds, peak resident memory in MB."""

    seconds: float
    megabytes: float
    busy: float


def cost(command: Sequence[str], folder: Path, output: Path | None = None) -> Cost:
    """Run a command in a folder to its end; a failure shows its output and ends the benchmark."""
    output = output or folder / "output.txt"
    with output.open("wb") as sink:
        started = time.perf_counter()
        child = subprocess.Popen(command, cwd=folder, stdout=sink, stderr=sink)
        # wait4 gives this child's own memory; getrusage would give the largest of all children
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)}\n{output.read_text(encoding='utf-8')}")
    return Cost(seconds, usage.ru_maxrss * UNIT / 1e6, usage.ru_utime + usage.ru_stime)


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure of several runs."""
    return Cost(*map(statistics.median, zip(*costs, strict=True)))
