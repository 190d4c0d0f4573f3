"""The page's source: small modules that say their idea, types that hold, pinned packages."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from .conftest import ROOT

WEB = ROOT / "web"
MODULES = sorted([*WEB.glob("src/**/*.js"), *WEB.glob("test/*.js"), WEB / "build.js"])
MOST_LINES = 250


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(WEB).as_posix())
def test_a_module_says_its_idea_and_keeps_to_it(path):
    """It opens with a comment of sentences, and is short enough to read."""
    text = path.read_text(encoding="utf-8")
    opening = re.match(r"/\*\*\n \* ([^@]+?)\n \*(/|\n)", text)
    assert opening, "opens without a comment"
    assert opening[1].rstrip().endswith((".", ":")), "the comment begins with no sentence"
    assert len(text.splitlines()) <= MOST_LINES, "split it"


def test_data_never_becomes_markup():
    """No module writes HTML or runs text: names and messages are anybody's."""
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(")
    assert [path.name for path in MODULES if forbidden.search(path.read_text("utf-8"))] == []


def test_packages_are_pinned_and_name_no_host():
    """The lockfile has a hash for each package and leaves to npm's settings where it comes from."""
    wanted = json.loads((WEB / "package.json").read_text("utf-8"))
    for version in {**wanted["dependencies"], **wanted["devDependencies"]}.values():
        assert re.fullmatch(r"[0-9.]+", version)
    lock = (WEB / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock
    packages = {name: one for name, one in json.loads(lock)["packages"].items() if name}
    assert [name for name, one in packages.items() if "integrity" not in one] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["node_modules/typescript/bin/tsc"],
        ["node_modules/prettier/bin/prettier.cjs", "--check", "."],
        ["--test", *sorted(path.relative_to(WEB).as_posix() for path in WEB.glob("test/*.js"))],
    ],
    ids=["types", "format", "test"],
)
def test_the_checkers_find_nothing(arguments):
    """The comments' types hold, the source looks as prettier has it, and node's tests pass."""
    if not (WEB / "node_modules").is_dir():
        reason = "no node_modules; `npm ci` in web/ brings the checkers"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    done = subprocess.run(
        ["node", *arguments], cwd=WEB, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
