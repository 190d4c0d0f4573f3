"""Bears runs: each a whole process, forked from one that has loaded the libraries.

So that instants fall into the run and not into its imports. Reads lines of JSON {folder, args,
env}; answers each with the process's number, and when that has ended with its exit code. Leases are
renewed several times a second, so that kills fall into renewals, too.
"""

from __future__ import annotations

import json
import os
import sys

import google.cloud.storage  # noqa: F401  # what a run would load on its way
import pandas  # noqa: F401

import datalake.running.pipeline
import datalake.stores.gcs  # noqa: F401
import datalake_sandbox  # noqa: F401
from datalake.cli import main
from datalake.plugins import load
from datalake.publish import lease

OFTEN = 600


def become(folder: str, args: list[str], env: dict[str, str]) -> None:
    """Turn this process into that run, from its streams on."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    streams = {0: os.devnull, 1: "stdout.txt", 2: "stderr.txt"}
    for number, path in streams.items():
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, number)
        os.close(handle)
    sys.argv = ["datalake", *args]
    lease.RENEWALS = OFTEN
    main()


def answer(word: int) -> None:
    os.write(1, f"{word}\n".encode())


if __name__ == "__main__":
    load()
    answer(0)
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()
        if child == 0:
            become(**json.loads(line))
        answer(child)
        answer(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
