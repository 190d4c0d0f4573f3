#!/usr/bin/env python3
"""The two commands of a fresh clone: `python3 dev.py demo` and `python3 dev.py check`.

Needs Python 3.10 or newer and nothing else: makes its own virtual environment in `.venv`, and
goes to the package index only where something is not installed yet.
"""

# Kept in words that an old Python can read, so that it can say that it is too old.
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")

CHECKS = (
    ("format", "ruff", "format", "--check", "."),
    ("lint", "ruff", "check", "."),
    ("types", "mypy"),
    ("layers", "lint-imports"),
    ("tests", "pytest", "-n", "auto", "--dist", "worksteal", "-m", "not slow"),
)


def main():
    if sys.version_info < (3, 10):
        return stop("datalake needs Python 3.10 or newer; this is " + sys.version.split()[0])
    wish = sys.argv[1] if len(sys.argv) == 2 else ""
    if wish == "demo":
        return install(".") or run("datalake", "run", "--sandbox", "--providers", "all")
    if wish == "check":
        return install(everything()) or check()
    return stop(__doc__.strip())


def everything():
    """What the checks need: Spark, too, where Java is there to run it; its tests else skip."""
    return ".[dev,spark]" if shutil.which("java") else ".[dev]"


def install(what):
    """Install the project, editable, in the virtual environment that this script owns."""
    stamp = VENV / ("installed" + what)
    wanted = "\n".join([sys.version, str(ROOT), (ROOT / "pyproject.toml").read_text("utf-8")])
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return 0
    say("making .venv and installing " + what)
    if subprocess.call([sys.executable, "-m", "venv", str(VENV)]):
        return stop("no virtual environment: Debian and Ubuntu need the package python3-venv")
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", what)
    if run("python", *pip):
        return stop("the installation failed, see above; it needs a package index within reach")
    stamp.write_text(wanted, "utf-8")
    return 0


def check():
    """Run every check, also after one has failed; say how long each took and which failed."""
    failed, took = [], []
    for name, *command in CHECKS:
        say("\n=== {}: {}".format(name, " ".join(command)))
        started = time.monotonic()
        if run(*command):
            failed.append(name)
        took.append("{} {:.0f} s".format(name, time.monotonic() - started))
    say("\n" + ", ".join(took))
    say("failed: " + ", ".join(failed) if failed else "all checks passed")
    return 1 if failed else 0


def run(program, *arguments):
    # the virtual environment's programs are found by everything that the tests start, too
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    environment = dict(os.environ, PATH=path, VIRTUAL_ENV=str(VENV))
    return subprocess.call([str(BIN / program)] + list(arguments), cwd=str(ROOT), env=environment)


def say(text):
    print(text, flush=True)


def stop(text):
    print(text, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
