"""The help of each command says all that a user needs, and its examples run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import click
import pytest

from .conftest import commands, quiet_environment

COMMANDS = {" ".join(path): command for path, command in commands()}


def words(path):
    return path or "datalake"


@pytest.mark.parametrize("path", COMMANDS, ids=words)
def test_each_command_says_what_it_does(path):
    """Its help begins with a sentence."""
    text = COMMANDS[path].help
    assert text
    assert text.split("\n\n")[0].endswith("."), text


@pytest.mark.parametrize("path", COMMANDS, ids=words)
def test_each_option_is_explained(path):
    """With words, not with a default alone."""
    with click.Context(COMMANDS[path]) as context:
        for option in COMMANDS[path].get_params(context):
            if isinstance(option, click.Option):
                said = re.sub(r"\[.*?\]", "", option.help or "").strip()
                assert len(said) > 5, f"datalake {path} {option.opts[-1]}: {option.help!r}"


def test_the_overview_lists_each_command_with_its_own_words():
    """`datalake --help` is written without importing the commands, and yet agrees with them."""
    from datalake.cli import COMMANDS as OVERVIEW

    top = {path: command for path, command in COMMANDS.items() if path and " " not in path}
    assert set(OVERVIEW) == set(top)
    for name, said in OVERVIEW.items():
        assert said.endswith(".")
        assert COMMANDS[name].name == name


def examples(path):
    """The example lines in a command's help, as lists of words."""
    found = re.findall(r"^ *datalake (.*)$", COMMANDS[path].help, re.MULTILINE)
    return [shlex.split(re.split(r"  +", line.strip())[0]) for line in found]


def run(arguments, cwd):
    """Run the program as a user does; it must succeed."""
    command = [sys.executable, "-c", "from datalake.cli import main; main()", *arguments]
    done = subprocess.run(
        command, cwd=cwd, env=quiet_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done.stdout


SMALL = ["--top", "2", "--since", "2026-01-01", "--as-of", "2026-02-20"]


@pytest.mark.parametrize(
    "line", dict.fromkeys(" ".join(one) for one in [*examples(""), *examples("run")])
)
def test_examples_of_run_work(line, tmp_path):
    """In the sandbox, and small where the example leaves the size open."""
    arguments = line.split()
    given = {*arguments, "--sandbox"}
    small = [word for pair in pairs(SMALL) if pair[0] not in given for word in pair]
    sandbox = [] if "--sandbox" in arguments else ["--sandbox"]
    assert "synthetic" in run([*arguments, *sandbox, *small], tmp_path)
    assert list(tmp_path.rglob("*.parquet"))


def pairs(flat):
    return list(zip(flat[::2], flat[1::2], strict=True))


def test_examples_of_universe_work(tmp_path):
    """Once a run has archived a universe, each of them shows it."""
    run(["run", "--sandbox", "--quiet", "--datasets", "coingecko.market", *SMALL], tmp_path)
    shown = examples("universe")
    assert len(shown) > 1
    for arguments in shown:
        sandbox = [] if "--sandbox" in arguments else ["--sandbox"]
        assert "bitcoin" in run([*arguments, *sandbox], tmp_path)


def test_examples_of_aggregate_work(tmp_path):
    """Each folds the lake of a run into a folder."""
    run(["run", "--sandbox", "--quiet", "--datasets", "coingecko.market", *SMALL], tmp_path)
    for arguments in examples("aggregate"):
        lake = [] if "--sandbox" in arguments else ["--sandbox"]
        at = arguments.index("--cache") if "--cache" in arguments else None
        if at is not None:
            arguments[at : at + 2] = []  # a real lake's, which is not here
        run([*arguments, *lake], tmp_path)
        assert list((tmp_path / "lake_folded").glob("*.parquet"))
        (tmp_path / "lake_folded").rename(tmp_path / str(len(list(tmp_path.iterdir()))))


def test_examples_of_explain_work(tmp_path):
    """Of the file that a run has just published."""
    run(["run", "--sandbox", "--quiet", "--datasets", "coingecko.market", *SMALL], tmp_path)
    shown = examples("explain")
    assert len(shown) > 1
    for arguments in shown:
        assert "bitcoin" in run(arguments, tmp_path)


def test_examples_of_mapping_work(tmp_path):
    """Once a run has made a lake, beside a mapping of one's own."""
    run(["run", "--sandbox", "--quiet", "--datasets", "coingecko.market", *SMALL], tmp_path)
    for name in ("my-mapping.yaml", "old-mapping.yaml"):
        text = "version: 1\nassets:\n  bitcoin:\n    wrapped: [wrapped-bitcoin]\n"
        (tmp_path / name).write_text(text, encoding="utf-8")
    paths = [path for path in COMMANDS if path.startswith("mapping ")]
    shown = [line for path in paths for line in examples(path)]
    assert len(shown) > 2 * len(paths) - 1
    for arguments in shown:
        lakes = ("show", "explain")
        sandbox = [] if "--sandbox" in arguments or arguments[1] in lakes else ["--sandbox"]
        run([*arguments, *sandbox], tmp_path)


def test_examples_of_runs_work(tmp_path):
    """Once a run has left its report and its record."""
    run(["run", "--sandbox", "--quiet", "--datasets", "coingecko.market", *SMALL], tmp_path)
    shown = [line for path in COMMANDS if path.startswith("runs ") for line in examples(path)]
    assert len(shown) > 4
    for arguments in shown:
        assert "2026" in run([*arguments, "--sandbox"], tmp_path)


def test_examples_of_report_work(tmp_path):
    """Of the run before."""
    run(["run", "--sandbox", "--quiet", "--datasets", "coingecko.market", *SMALL], tmp_path)
    shown = examples("report")
    assert len(shown) > 2
    for arguments in shown:
        assert "Published" in run([*arguments, "--sandbox"], tmp_path)
