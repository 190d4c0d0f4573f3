"""Environments that have what a wheel declares and no more."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import venv

from packaging.requirements import Requirement

from .conftest import SETTINGS, quiet_environment


def call(*command, cwd):
    """Run a command to its end and return what it printed; it must succeed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=quiet_environment(PYTHONWARNINGS="error::DeprecationWarning:datalake"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(project, folder):
    """The wheel of a project, built as an installer would build it."""
    call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=project)
    (built,) = folder.glob("*.whl")
    return built


def environment(folder):
    """An empty virtual environment: the folders of its programs and of its packages."""
    venv.create(folder, with_pip=False)
    if os.name == "nt":
        return folder / "Scripts", folder / "Lib/site-packages"
    (packages,) = folder.glob("lib/python*/site-packages")
    return folder / "bin", packages


def link(packages, *more):
    """Link what the wheel needs, directly and through others, from where it is installed here."""
    needs = (*SETTINGS["project"]["dependencies"], *more)
    waiting = [(Requirement(text), "") for text in needs]
    seen = set()
    while waiting:
        needed, extra = waiting.pop()
        if needed.marker and not needed.marker.evaluate({"extra": extra}):
            continue
        key = (needed.name.lower(), frozenset(needed.extras))
        if key not in seen:
            seen.add(key)
            found = importlib.metadata.distribution(needed.name)
            waiting += [
                (Requirement(text), one)
                for text in found.requires or ()
                for one in (needed.extras or {""})
            ]
            _link(found, packages)


def _link(found, packages):
    for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
        target = packages / top
        if not target.exists():
            target.symlink_to(found.locate_file(top))


def install(programs, packages, *wheels, linked=True):
    """Install wheels with what they need: linked from here, or taken from the package index."""
    pip = [sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet"]
    if linked:
        link(packages)
        pip += ["--no-deps", "--no-index"]
    call(*pip, *wheels, cwd=packages)
