"""Runs command lines of `datalake` one after another, each as if in a process of its own.

Reads a JSON list of {folder, args, env} and writes one of {code, out, err}.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile

from datalake.cli import main


def run(folder: str, args: list[str], env: dict[str, str]) -> dict[str, object]:
    """One command line, its two streams caught where the system writes them."""
    before, argv, streams = dict(os.environ), sys.argv, (os.dup(1), os.dup(2))
    os.chdir(folder)
    os.environ.update(env)
    sys.argv = ["datalake", *args]
    code: object = None
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        try:
            main()
        except SystemExit as end:
            code = end.code
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, stream in enumerate(streams, start=1):
                os.dup2(stream, number)
                os.close(stream)
            sys.argv = argv
            os.environ.clear()
            os.environ.update(before)
        return {"code": code, "out": _text(out), "err": _text(err)}


def _text(file) -> str:
    file.seek(0)
    return file.read().decode()


if __name__ == "__main__":
    print(json.dumps([run(**line) for line in json.load(sys.stdin)]))
