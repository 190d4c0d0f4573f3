"""Writes the static site: the page, what it shows, and last the overview that leads to it all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from attrs import frozen

from ..errors import ConfigError
from ..publish.files import exclusive, replace
from ..publish.layout import ASSETS, DATA
from .details import details
from .edition import Edition, begin, forget
from .history import published
from .lake import Lake
from .overview import overview
from .runs import condensed, ended
from .shown import Shown

DATA_FOLDER = "data"
OVERVIEW = f"{DATA_FOLDER}/overview.json"
#: What says that a folder is ours to write to, and what writers take turns by.
MARK, _LOCK = "about.txt", ".about.txt.lock"
_ABOUT = """\
This folder is written by `datalake dashboard --export`, which replaces what is in it.
Serve it as it is: index.html is the page, data/ has what it shows.
"""


@frozen
class Exported:
    """What was written: the name of the edition, and the overview."""

    edition: str
    overview: Mapping[str, Any]


def export(shown: Shown, lake: Lake, folder: Path, page: Path, *, api: bool = False) -> Exported:
    """Write the site, or what has changed of it; the same again changes nothing.

    With `api` numbers are explained by a server, and no details of assets are written. Raises
    ConfigError where the folder holds something else or cannot be written, StoreError.
    """
    try:
        _check(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with exclusive(folder / MARK):
            _put(folder / MARK, _ABOUT.encode())
            return _export(shown, lake, folder, page, api)
    except OSError as error:
        reason = error.strerror or error
        raise ConfigError(
            f"{folder} cannot be written ({reason}): choose another folder"
        ) from error


def _check(folder: Path) -> None:
    names = {one.name for one in folder.iterdir()} - {_LOCK} if folder.exists() else set()
    if names and MARK not in names:
        raise ConfigError(
            f"{folder} holds something that `datalake dashboard` did not write: choose an empty"
            " folder, or a new one"
        )


def _export(shown: Shown, lake: Lake, folder: Path, page: Path, api: bool) -> Exported:
    document = {**overview(shown), **_around(shown, lake, api)}
    edition = begin(folder / DATA_FOLDER)
    files = _write(edition, document, shown, lake, api)
    edition.settle(json_bytes({**document, "files": files}))
    base = f"{DATA_FOLDER}/{edition.name}/"
    document["files"] = {what: _named(base, one) for what, one in files.items()}
    for file in sorted(page.rglob("*")):
        if file.is_file():
            _put(folder / file.relative_to(page), file.read_bytes())
    before = _current(folder)
    _put(folder / OVERVIEW, json_bytes(document))
    forget(folder / DATA_FOLDER, {edition.name, before})
    return Exported(edition.name, document)


def _around(shown: Shown, lake: Lake, api: bool) -> dict[str, Any]:
    """What the overview has beside that which the file itself tells."""
    history = shown.history
    return {
        "api": api,
        "trouble": [*shown.trouble, *lake.trouble],
        "run": ended(shown.report) if shown.report else None,
        "last_run": ended(lake.reports[0]) if lake.reports else None,
        "published": published(shown.file.place, history) if history else None,
    }


def _write(
    edition: Edition, document: Mapping[str, Any], shown: Shown, lake: Lake, api: bool
) -> dict[str, Any]:
    """The files of the edition; a text is a folder of them."""
    files: dict[str, Any] = {
        "data": edition.add(f"{DATA}.parquet", shown.file.data),
        "assets": shown.assets and edition.add(f"{ASSETS}.parquet", shown.assets),
        "runs": None,
        "details": "assets/" if lake.inquiry else None,
    }
    if lake.reports is not None:
        files["runs"] = edition.add("runs.json", json_bytes(condensed(lake.reports)))
    if lake.inquiry and not api:
        names = {one["id"]: one["file"] for one in document["assets"]}
        for one in details(lake.inquiry, list(names), document["closed_through"]):
            edition.add(f"assets/{names[one['id']]}", json_bytes(one))
    return files


def _named(base: str, one: Any) -> Any:
    """A file of the edition by the path that the page asks for."""
    if isinstance(one, Mapping):
        return {**one, "path": base + one["path"]}
    return one and base + one


def json_bytes(document: Any) -> bytes:
    """A document for the page: days as such, and no number that JSON does not know."""
    return msgspec.json.encode(document, enc_hook=str)


def _put(path: Path, data: bytes) -> None:
    """Write a file in one step, unless it is what it should be already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_bytes() != data:
        replace(path, data)


def _current(folder: Path) -> str | None:
    """The edition that the overview names."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        document = json.loads((folder / OVERVIEW).read_bytes())
        return Path(document["files"]["data"]["path"]).parent.name
    return None
