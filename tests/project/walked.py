"""Walks a page as its reader would: types its commands, writes its files, compares what it shows.

Blocks of `bash` and `python` are run in their order, in one folder. A command that ends with
`# exit code 3` must end so, any other with 0. A block of `yaml` or `toml` whose first line is the
comment `# NAME` is written to that file. A block of `text` is what was printed last: each of its
lines must be among the printed ones, where `…` stands for anything and widths do not matter.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from sybil.document import Document
from sybil.parsers.myst import CodeBlockParser

from .conftest import quiet_environment

EXIT = re.compile(r"\s*# exit code (\d+)$")
FILE = re.compile(r"# (\S+\.(?:yaml|toml))\n")


def walk(page, folder):
    """Run a page in a folder."""
    walker = Walker(folder)
    parsers = [
        CodeBlockParser(language, getattr(walker, language))
        for language in ("bash", "python", "yaml", "toml", "text")
    ]
    document = Document.parse(str(page), *parsers)
    examples = list(document.examples())
    assert examples
    for example in examples:
        example.evaluate()  # SybilFailure names the file and the line


class Walker:
    """One reader: a folder, the names of a Python session, and what was printed last."""

    def __init__(self, folder):
        self.folder = folder
        self.names = {}
        self.printed = ""
        programs = Path(sys.executable).parent
        self.environment = quiet_environment(
            PATH=f"{folder}/bin:{programs}:{os.environ['PATH']}",
            PYTHONPATH=str(folder / "installed"),
        )
        self._give_pip()

    def _give_pip(self):
        """A `pip` that installs beside the page's files, offline, and leaves this environment."""
        shim = self.folder / "bin" / "pip"
        shim.parent.mkdir()
        options = "--quiet --no-deps --no-index --no-build-isolation --target installed"
        shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pip "$@" {options}\n')
        shim.chmod(0o755)

    def bash(self, example):
        """Type each line; a backslash continues it."""
        self.printed = ""
        for line in example.parsed.replace("\\\n", " ").splitlines():
            found = EXIT.search(line)
            done = subprocess.run(
                ["bash", "-c", line],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            self.printed += done.stdout + done.stderr
            expected = int(found[1]) if found else 0
            if done.returncode != expected:
                return f"{line}\nended with {done.returncode}, not {expected}:\n{self.printed}"
        return None

    def python(self, example):
        """Go on with the session."""
        out = StringIO()
        with redirect_stdout(out):
            exec(compile(example.parsed, str(example.path), "exec"), self.names)
        self.printed = out.getvalue()

    def yaml(self, example):
        """Save it, if it has a name."""
        if found := FILE.match(example.parsed):
            (self.folder / found[1]).write_text(example.parsed, encoding="utf-8")

    toml = yaml

    def text(self, example):
        """Compare with what was printed."""
        printed = [_plain(line) for line in self.printed.splitlines()]
        for line in filter(None, map(_plain, example.parsed.splitlines())):
            pattern = re.compile(".*".join(map(re.escape, line.split("…"))))
            if not any(map(pattern.fullmatch, printed)):
                return f"not printed: {line}\nbut:\n{self.printed}"
        return None


def _plain(line):
    """Without widths, boxes and blanks at the ends."""
    return " ".join(re.sub(r"[─┌┐└┘│├┤┬┴┼╞═╪╡┆]", " ", line).split())
