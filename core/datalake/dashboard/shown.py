"""What the dashboard shows: a published file, and all that can be found of the same publication."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import field, frozen

from ..errors import ConfigError, StoreError
from ..explaining.published import File, read_file, reports_beside
from ..publish import Place, versions
from ..publish.history import read_history
from ..publish.layout import ASSETS, DATA, read_metadata
from ..publish.place import assets_name, in_words
from ..publish.pointer import Pointer
from .facts import Facts, facts_of

#: What reading somebody else's bytes as Parquet may raise.
_UNREADABLE = (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError)


@frozen(eq=False)
class Shown:
    """A published file and what it says of itself; of the assets file, the history and the report
    of the run that made it what could be found. `trouble` says in sentences what could not."""

    file: File
    facts: Facts
    assets: bytes | None = field(repr=False)
    history: Pointer | None = field(repr=False)
    report: Mapping[str, Any] | None = field(repr=False)
    trouble: Sequence[str]

    def universe(self) -> list[dict[str, Any]]:
        """The rows of the assets file, by rank; none where there is no such file."""
        if self.assets is None:
            return []
        return pl.read_parquet(io.BytesIO(self.assets)).to_dicts()


def look(place: Place) -> Shown:
    """What is published at a place. Raises ConfigError where it cannot be shown."""
    file = read_file(place)
    facts = facts_of(file)
    trouble = []
    if facts.synthetic is None:
        trouble.append("the file does not say what it is: whether it is simulated is not known")
    history = None
    try:
        history = read_history(place)
        if not any(one.files[DATA].sha256 == file.sha256 for one in history.history):
            trouble.append("the file is none that its history names: it was changed or put there")
    except (ConfigError, StoreError, OSError) as error:
        trouble.append(f"no history of what was published is told: {error}")
    assets = None
    try:
        assets = _assets(file, history)
    except (ConfigError, StoreError, *_UNREADABLE) as error:
        trouble.append(f"names, ranks and members of the assets are not known: {error}")
    return Shown(file, facts, assets, history, next(reports_beside(file), None), trouble)


def _assets(file: File, history: Pointer | None) -> bytes:
    """The assets file of the same publication. Raises ConfigError where there is none."""
    place = file.place
    for entry in history.history if history else ():
        if entry.files[DATA].sha256 == file.sha256:
            data = versions.read(place.store, entry, ASSETS)
            if data is not None:
                return data
    name = assets_name(place.name)
    try:
        beside = place.read(name)
    except OSError as error:
        raise ConfigError(f"{place.where(name)} cannot be read ({in_words(error)})") from error
    if beside is None:
        raise ConfigError(f"there is no file {place.where(name)}")
    facts = read_metadata(pq.read_metadata(pa.BufferReader(beside)).metadata)
    same = all(facts.get(name) == file.facts.get(name) for name in ("as_of", "mapping_sha256"))
    if facts.get("file") != ASSETS or not same:
        raise ConfigError(f"{place.where(name)} is not of the same publication")
    pl.read_parquet(io.BytesIO(beside))
    return beside
