#!/usr/bin/env python3
"""The two commands of a fresh clone: `python3 dev.py demo` and `python3 dev.py check`.

Needs Python 3.10 or newer and nothing else: makes its own virtual environment in `.venv`.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")

CHECKS = (
    ("format", "ruff", "format", "--check", "."),
    ("lint", "ruff", "check", "."),
    ("types", "mypy"),
    ("layers", "lint-imports"),
    ("tests", "pytest", "-n", "auto", "--dist", "worksteal"),
)


def main() -> int:
    if sys.version_info < (3, 10):
        print("datalake needs Python 3.10 or newer; this is", sys.version.split()[0])
        return 2
    wish = sys.argv[1] if len(sys.argv) == 2 else ""
    if wish == "demo":
        install(".")
        return run("datalake", "run", "--sandbox", "--providers", "all")
    if wish == "check":
        install(".[dev]")
        return check()
    print(__doc__)
    return 2


def install(what: str) -> None:
    """Install the project, editable, in the virtual environment that this script owns."""
    if not (BIN / "python").exists() and not (BIN / "python.exe").exists():
        print("making", VENV.relative_to(ROOT), flush=True)
        venv.create(VENV, with_pip=True)
    print("installing", what, flush=True)
    command = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", what]
    if code := run("python", *command):
        sys.exit(code)


def check() -> int:
    """Run every check, also after one has failed, and name those that did."""
    failed = []
    for name, *command in CHECKS:
        print(f"\n=== {name}: {' '.join(command)}", flush=True)
        if run(*command):
            failed.append(name)
    print(f"\nfailed: {', '.join(failed)}" if failed else "\nall checks passed", flush=True)
    return 1 if failed else 0


def run(program: str, *arguments: str) -> int:
    # the virtual environment's programs are found by everything that the tests start, too
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "VIRTUAL_ENV": str(VENV)}
    return subprocess.call([str(BIN / program), *arguments], cwd=ROOT, env=environment)


if __name__ == "__main__":
    sys.exit(main())
