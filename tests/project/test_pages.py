"""README, docs and changelog: what they tell a reader to type, read or click is there."""

from __future__ import annotations

import re
import shlex
import sys

import click
import pytest

from datalake.exits import Exit
from datalake.publish import STANDARD

from .conftest import ROOT, commands, parse

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(
        [
            *ROOT.glob("*.md"),
            *ROOT.glob("docs/**/*.md"),
            *ROOT.glob("[!.]*/README.md"),
            *ROOT.glob("examples/*/README.md"),
        ]
    )
}
README = PAGES["README.md"]
INLINE = re.compile(r"`((?:datalake|python3?) [^`]+)`")


def typed(text):
    """What a page tells its reader to type in a shell: blocks and inline code, comments cut; but
    for what is wrong on purpose."""
    blocks = "\n".join(re.findall(r"```(?:bash|sh|console)\n(.*?)```", text, re.DOTALL))
    for line in [*blocks.replace("\\\n", " ").splitlines(), *INLINE.findall(text)]:
        words = shlex.split(line, comments=True)
        if words and not {"…", "..."} & set(words) and not line.endswith("# exit code 2"):
            yield words


TYPED = [(page, words) for page, text in PAGES.items() for words in typed(text)]


@pytest.mark.parametrize(
    ("page", "words"),
    [(page, words) for page, words in TYPED if words[0] == "datalake"],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_each_command_line_parses(page, words):
    """Commands, flags, choices and dates in the pages are those of the program."""
    parse(words[1:])


@pytest.mark.parametrize("line", ["run --no-such-flag", "runn", "run --since soon", "run stray"])
def test_a_wrong_command_line_does_not_parse(line):
    """The check above can fail."""
    with pytest.raises(click.UsageError):
        parse(line.split())


def test_each_script_that_is_to_be_run_exists():
    """`python3 dev.py demo` and the like: the file is there and knows the word."""
    scripts = {tuple(words[1:]) for _, words in TYPED if words[0] in ("python", "python3")}
    assert {("dev.py", "demo"), ("dev.py", "check")} <= scripts
    for script, *arguments in scripts:
        file = ROOT / script
        if script == "-m":
            file = ROOT / arguments.pop(0).replace(".", "/")
            file = file if file.is_dir() else file.with_suffix(".py")
        text = (file / "__main__.py" if file.is_dir() else file).read_text(encoding="utf-8")
        words = [argument for argument in arguments if not argument.isdecimal()]
        assert all(f'"{word}"' in text for word in words), (script, words)


def test_ci_runs_the_command_of_the_readme():
    """What the README calls every check is what CI runs."""
    assert "python3 dev.py check" in README
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").endswith("python3 dev.py check\n")


@pytest.mark.parametrize("page", PAGES)
def test_each_link_leads_to_a_file(page):
    """Relative links point to files of the repository, and to headings that exist."""
    for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", PAGES[page]):
        if not target.startswith(("http://", "https://")):
            path, _, heading = target.partition("#")
            file = (ROOT / page).parent / path if path else ROOT / page
            assert file.exists(), target
            assert not heading or heading in _headings(file.read_text(encoding="utf-8")), target


def _headings(text):
    lines = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", PAGES)
def test_each_flag_in_the_text_exists(page):
    """`--as-of` and its like, wherever they stand in inline code, are flags of some command."""
    known = {"--help"}
    for _, command in commands():
        known |= {name for parameter in command.params for name in parameter.opts}
    foreign = {"--durations"}
    for code in re.findall(r"`([^`\n]+)`", PAGES[page]):
        if not code.startswith(("python", "pip", "git", "pytest")):
            assert set(re.findall(r"(?<!\S)--[a-z-]+", code)) <= known | foreign, code


def table(text, heading):
    """The first cells of the table under that first heading."""
    body = re.search(rf"^\| {re.escape(heading)} \|.*\n\|[ -|]*\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [line.split("|")[1].strip() for line in body[1].splitlines()]


def test_the_exit_codes_are_those_of_the_program():
    """In the README and in the help of `run`."""
    codes = [int(code) for cell in table(README, "exit code") for code in cell.split(",")]
    assert codes == sorted(Exit)
    help_text = next(command.help for path, command in commands() if path == ("run",))
    told = re.findall(r"(\d+) [a-z]", help_text.split("Exit codes:")[1])
    assert [int(code) for code in told] == sorted(Exit)


def test_the_columns_are_those_of_the_file():
    """The README's table is the standard columns, in their order."""
    assert tuple(cell.strip("`") for cell in table(README, "column")) == STANDARD


def test_the_folders_exist():
    """The README's table of the architecture names folders that are there."""
    for cell in table(README, "folder"):
        assert (ROOT / cell.strip("`")).is_dir(), cell


def test_the_python_that_is_needed_is_told_alike():
    """README, dev.py and the settings name one lowest version."""
    assert "Python 3.10 or newer" in README
    assert "(3, 10)" in (ROOT / "dev.py").read_text(encoding="utf-8")
    assert sys.version_info >= (3, 10)
