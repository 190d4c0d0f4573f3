"""What a published file says of itself, read from its metadata."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import msgspec
from attrs import field, frozen

from ..errors import ConfigError
from ..explaining.published import File
from ..publish.layout import SCHEMA_VERSION


@frozen
class Note:
    """What it says of one column; None where it says nothing."""

    unit: str | None = None
    meaning: str | None = None
    source: str | None = None
    time: str | None = None
    rule: str | None = None
    last_closed: date | None = None


@frozen
class Facts:
    """What it says of the whole; `synthetic` is None where it does not say whether it is."""

    schema_version: int = 0
    synthetic: bool | None = None
    as_of: datetime | None = None
    last_day: date | None = None
    open_day: date | None = None
    columns: Mapping[str, Note] = field(factory=dict)


def facts_of(file: File) -> Facts:
    """The facts of a file. Raises ConfigError where they cannot be understood."""
    try:
        facts = msgspec.convert(file.facts, Facts)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"{file.place.url} cannot be shown: its metadata are damaged ({error})"
        ) from error
    if facts.schema_version > SCHEMA_VERSION:
        raise ConfigError(
            f"{file.place.url} was written by a newer version of datalake: update this one"
        )
    return facts
