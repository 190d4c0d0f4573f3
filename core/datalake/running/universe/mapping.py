"""The mapping of a run as it was written: its texts say later what the run went by."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as MappingType
from pathlib import Path

from attrs import field, frozen

from datalake_aggregation import Mapping, MappingError, Reducer, mapping_texts, parse_mapping

from ...errors import ConfigError


@frozen
class MappingTexts:
    """The shipped mapping, and the user's `own` that is laid over it, `file` its name."""

    shipped: bytes = field(repr=False)
    own: bytes | None = field(default=None, repr=False)
    file: str = ""

    @property
    def parts(self) -> dict[str, bytes]:
        """The texts by the names under which they are kept, the shipped one first."""
        return {digest(text): text for text in (self.shipped, self.own) if text is not None}

    @property
    def sha256(self) -> str:
        """Of both, wherever they lie."""
        names = list(self.parts)
        return names[0] if len(names) == 1 else digest(" ".join(names).encode())

    def parse(self, reducers: MappingType[str, Reducer]) -> Mapping:
        """The mapping, whose own part may name these reducers; a mistake is a ConfigError."""
        try:
            shipped = parse_mapping(self.shipped, "canonical_mapping.yaml")
            if self.own is None:
                return shipped
            return parse_mapping(self.own, self.file, shipped, reducers=reducers)
        except MappingError as error:
            raise ConfigError(str(error)) from error


def read_texts(path: Path | None) -> MappingTexts:
    """The texts of today. Raises ConfigError for a file that cannot be read."""
    try:
        shipped, own = mapping_texts(path)
    except MappingError as error:
        raise ConfigError(str(error)) from error
    return MappingTexts(shipped, own, str(path) if path else "")


def digest(text: bytes) -> str:
    """The name by which a text is kept."""
    return hashlib.sha256(text).hexdigest()
