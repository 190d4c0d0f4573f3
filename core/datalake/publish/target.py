"""Where a publication goes: the files of one output, and whether a run may write there."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import ConfigError
from .files import probe
from .layout import ASSETS, DATA
from .published import Damaged, Foreign, Published, look

_SUFFIX = ".parquet"


def assets_path(path: Path) -> Path:
    """The assets file beside a data file."""
    if path.name == DATA + _SUFFIX:
        return path.with_name(ASSETS + _SUFFIX)
    return _beside(path, "assets")


def candidate_path(path: Path) -> Path:
    """Where a candidate is kept that was refused."""
    return _beside(path, "candidate")


def published_paths(path: Path) -> tuple[Path, ...]:
    """The files that a publication at the path writes."""
    return path, assets_path(path), candidate_path(path)


def check_output(path: Path, synthetic: bool) -> None:
    """Find out before any call is made whether a run could publish at the path.

    Raises ConfigError for a folder, a place that cannot be written, something there that is not
    ours, and an output begun with synthetic data by a run with real data, or the reverse.
    """
    if not path.name:
        raise ConfigError(_not_ours(path, "a folder"))
    if re.match(r"[a-z][a-z0-9+.-]+:/", str(path)):
        raise ConfigError(f"output {path}: only a local path can be an output")
    examine(path, synthetic)
    try:
        probe(path)
    except OSError as error:
        raise ConfigError(
            f"output {path} cannot be written ({error.strerror or error}): "
            "choose another place with --output"
        ) from error


def examine(path: Path, synthetic: bool) -> Published | Damaged | None:
    """What is published at the path; ConfigError where this run must not touch it."""
    kinds = {path: DATA, assets_path(path): ASSETS, candidate_path(path): DATA}
    found = {place: _look(place, kind) for place, kind in kinds.items()}
    ours = [what for what in found.values() if isinstance(what, Published)]
    for place, what in found.items():
        if isinstance(what, Damaged) and not (what.plausible or ours):
            raise ConfigError(_not_ours(place, what.reason))
    for what in ours:
        if what.synthetic != synthetic:
            raise ConfigError(_mixed(path, what.synthetic))
    return found[path]


def _look(path: Path, kind: str) -> Published | Damaged | None:
    try:
        found = look(path, kind)
    except OSError as error:
        raise ConfigError(f"output {path} cannot be read ({error.strerror or error})") from error
    if isinstance(found, Foreign):
        raise ConfigError(_not_ours(path, found.what))
    return found


def _not_ours(path: Path, what: str) -> str:
    if path.is_dir():
        return f"output {path} is a folder: name the file in it, such as {path / (DATA + _SUFFIX)}"
    return (
        f"output {path} is taken by something that datalake did not publish ({what}): "
        "choose another place with --output, or move that away"
    )


def _mixed(path: Path, synthetic: bool) -> str:
    was, now = ("synthetic", "real") if synthetic else ("real", "synthetic")
    return (
        f"output {path} holds {was} data and this run has {now} data; the two are never mixed: "
        "choose another place with --output, or remove the old files"
    )


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f"{path.name.removesuffix(_SUFFIX)}.{what}{_SUFFIX}")
