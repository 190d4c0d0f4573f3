"""`datalake publish`: what is published, what was before, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
from attrs import asdict, frozen

from ..clock import now
from ..errors import ConfigError, StoreError
from ..exits import Exit
from ..publish import Place
from ..publish.history import find, read_history, roll_back
from ..publish.place import candidate_name
from ..publish.pointer import Entry, Keep
from ..publish.trial import try_file
from ..settings import Settings
from .numbers import size
from .output import format_option, print_json, print_rows
from .surroundings import Surroundings, surroundings

F = TypeVar("F", bound=Callable[..., Any])


@frozen
class Output:
    """The output that a command is about, and the settings that go for it."""

    place: Place
    settings: Settings


def output_options(function: F) -> F:
    """`--output`, `--sandbox`, `--format` and the plugins': the command gets an Output instead."""

    @surroundings("The sandbox's output.")
    @format_option
    @click.option("--output", metavar="PATH", help="Which published file: a path, or gs://….")
    @wraps(function)
    def call(output: str | None, around: Surroundings, **rest: Any) -> Any:
        place = around.place(output)
        try:
            return function(output=Output(place, around.settings), **rest)
        except StoreError as error:
            raise ConfigError(f"output {place.url} cannot be used: {error}") from error

    return call  # type: ignore[return-value]  # click adds the options that are taken here


@click.group("publish")
def command() -> None:
    """Look at what is published and what was before, and go back.

    A version is named as the history shows it; its sequence number, or the first or last signs of
    its name, will do.
    """


@command.command("history")
@output_options
def history(output: Output, form: str) -> None:
    """List the publications that can be gone back to, the newest first.

    \b
    Examples:
      datalake publish history
      datalake publish history --output gs://bucket/path/data.parquet --format json
    """
    pointer = read_history(output.place)
    if form == "json":
        print_json([entry.plain() for entry in pointer.history])
        return
    rows = [_row(entry) for entry in pointer.history]
    print_rows(rows, form, output.place.url, whole=("version",))


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "version": entry.version,
        "as_of": f"{entry.as_of:%Y-%m-%d %H:%M}Z",
        "published_at": f"{entry.published_at:%Y-%m-%d %H:%M}Z",
        "rows": f"{entry.rows:,}",
        "assets": entry.assets,
        "note": _note(entry),
    }


def _note(entry: Entry) -> str:
    """What is unusual about a publication."""
    if entry.rollback_of:
        return f"rollback of {entry.rollback_of}: {entry.rollback_reason}"
    if entry.forced:
        return f"forced: {entry.forced}"
    warnings = len(entry.warnings)
    return f"{warnings} warning{'s' if warnings > 1 else ''}" if warnings else ""


@command.command("show")
@click.argument("version", required=False)
@output_options
def show(version: str | None, output: Output, form: str) -> None:
    """Show one publication in full: the current one, or that of a VERSION.

    \b
    Examples:
      datalake publish show
      datalake publish show 7 --format json
    """
    pointer = read_history(output.place)
    entry = find(pointer, version) if version else pointer.current
    plain = entry.plain()
    plain["current"] = entry.version == pointer.current.version
    plain["synthetic"] = pointer.synthetic
    for file in plain["files"].values():
        file["url"] = f"{output.place.store.url}/{file['path']}"
    if form == "json":
        print_json(plain)
        return
    files = plain.pop("files")
    values = (f"{count:,} of {column}" for column, count in plain["values"].items())
    plain["values"] = ", ".join(values)
    rows = [{"what": name, "value": value} for name, value in plain.items() if value]
    for kind, file in files.items():
        rows.append({"what": kind, "value": file["url"]})
        rows.append({"what": "", "value": f"sha256 {file['sha256']}, {size(file['bytes'])}"})
    print_rows(rows, form)


@command.command("gate")
@click.argument("candidate", required=False, type=click.Path(path_type=Path))
@output_options
def gate(candidate: Path | None, output: Output, form: str) -> None:
    """Hold a CANDIDATE file against what is published: by default the one that was kept there.

    Nothing is published. Exit code 4 says that a run would be refused.

    \b
    Examples:
      datalake publish gate
      datalake publish gate tomorrow.parquet --output user_facing_data.parquet --format json
    """
    checks = try_file(*_candidate(candidate, output.place), output.place, output.settings.gate)
    if form == "json":
        print_json([asdict(check) for check in checks])
    else:
        print_rows([asdict(check, filter=_told) for check in checks], form, output.place.url)
    if any(check.level == "refused" for check in checks):
        click.get_current_context().exit(int(Exit.REFUSED))


def _told(attribute: Any, value: object) -> bool:
    """All of a check that a reader needs: its level says whether it passed."""
    return bool(attribute.name != "passed")


def _candidate(path: Path | None, place: Place) -> tuple[bytes, str]:
    """The bytes of a candidate and what it is called."""
    name = str(path) if path else place.where(candidate_name(place.name))
    try:
        data = path.read_bytes() if path else place.read(candidate_name(place.name))
    except OSError as error:
        raise ConfigError(f"{name} cannot be read: {error.strerror or error}") from error
    if data is None:
        raise ConfigError(f"no candidate is kept at {name}: give the file as CANDIDATE")
    return data, str(name)


@command.command("rollback")
@click.argument("version", required=False)
@click.option("--reason", required=True, help="Why: the history and other people will need it.")
@output_options
def rollback(version: str | None, reason: str, output: Output, form: str) -> None:
    """Publish an earlier VERSION again: without one, what was published before the current one.

    What a later run brings is published as usual; a run as of an earlier instant than anything
    that was ever published is not, and neither is the very version that was rolled back. Exit
    code 3 says that the version is published, but the file of the fixed name could not be written.

    \b
    Examples:
      datalake publish rollback --reason "sentiment was shifted by a day"
      datalake publish rollback 7 --reason "the last good one"
    """
    keep = Keep(output.settings.publish.history)
    pointer, done, trouble = roll_back(output.place, version, reason, keep, now)
    _say_rollback(pointer.current, done, version, output.place.url, form)
    for check in trouble:
        click.echo(str(check), err=True)
    if trouble:
        click.get_current_context().exit(int(Exit.DEGRADED))


def _say_rollback(current: Entry, done: bool, version: str | None, url: str, form: str) -> None:
    if form == "json":
        print_json({**current.plain(), "new": done})
        return
    state = f"version {current.version} (sequence {current.sequence}) is published"
    if done:
        click.echo(f"{state} at {url}")
    elif version is None:
        click.echo(f"nothing to do: {state} since a rollback; name a VERSION to go further back")
    else:
        click.echo(f"nothing to do: {state} already")


from . import publish_diff  # noqa: E402, F401  # its command joins the group
