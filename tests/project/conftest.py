"""What the project says of itself: its settings, its packages and its commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = [
    ROOT / path for path in SETTINGS["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
]
ROOTS = [ROOT / name for name in ("core", "providers", "aggregation")]


def sources(*suffixes):
    """The files of all packages, of these kinds or of any, without what Python makes itself."""
    found = [path for package in PACKAGES for path in package.rglob("*") if path.is_file()]
    wanted = [path for path in found if "__pycache__" not in path.parts]
    return sorted(path for path in wanted if not suffixes or path.suffix in suffixes)


def commands(command=None, path=()):
    """Every command and group of the command line with the words that call it."""
    from datalake.cli import cli

    command = command or cli
    yield path, command
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            names = command.list_commands(context)
            found = [(name, command.get_command(context, name)) for name in names]
        for name, below in found:
            yield from commands(below, (*path, name))


def parse(words):
    """Parse a command line as the program would, down to the last flag, without running it.

    A group alone, or with --help, shows its help.
    """
    from datalake.cli import cli

    context = click.Context(cli, info_name="datalake")
    command = cli
    while isinstance(command, click.Group) and words and words[0] != "--help":
        _, below, words = command.resolve_command(context, words)
        command, context = below, click.Context(below, parent=context)
    if not isinstance(command, click.Group):
        command.make_context(command.name, list(words), parent=context.parent)


def tracked(*arguments):
    """What git says of this checkout; skips where the tests came without their history."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    git = ["git", "-c", f"safe.directory={ROOT}", *arguments]
    done = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()


def quiet_environment(**more):
    """The process's environment without keys, settings and ways to our sources."""
    ours = ("DATALAKE", "COINGECKO", "DEFILLAMA", "LUNARCRUSH", "GCP_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, **more}


def build_site(source, output):
    """Run Sphinx as the README says, with warnings as errors."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-E"]
    command += ["-c", ROOT / "docs", source, output]
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=quiet_environment(http_proxy="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9"),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the site, built once."""
    output = tmp_path_factory.mktemp("site")
    done = build_site(ROOT / "docs", output)
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """Our wheel, built once."""
    from .clean import build

    return build(ROOT, tmp_path_factory.mktemp("dist"))
