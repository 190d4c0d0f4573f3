"""Loading a mapping: the shipped file, with a user's own file laid over it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from datalake_aggregation.checks import check_alone, check_columns, check_graph, check_homes
from datalake_aggregation.columns import Reducers
from datalake_aggregation.document import LIMIT_BYTES, read_document
from datalake_aggregation.layers import BARE, lay_over
from datalake_aggregation.mapping import Mapping
from datalake_aggregation.problems import Findings, MappingError, Place, Problem
from datalake_aggregation.reading import read_layer

SHIPPED = "canonical_mapping.yaml"
NONE: Reducers = {}


def load_mapping(path: Path | str | None = None, *, reducers: Reducers = NONE) -> Mapping:
    """Load the shipped mapping, with the user's file at `path` laid over it entry by entry.

    A list given for an asset and kind replaces the shipped one, and an id named in the user's
    file leaves its former place. `reducers` are those that the file may name. Raises MappingError
    with all problems of the file.
    """
    shipped, own = mapping_texts(path)
    mapping = _parsed(shipped, SHIPPED, BARE, NONE)
    return mapping if own is None else _parsed(own, str(path), mapping, reducers)


def mapping_texts(path: Path | str | None = None) -> tuple[bytes, bytes | None]:
    """Return the shipped mapping and the user's file as they are written, for `parse_mapping`.

    Raises MappingError for a file that cannot be read.
    """
    shipped = files("datalake_aggregation").joinpath(SHIPPED).read_bytes()
    return shipped, None if path is None else _read(Path(path))


def parse_mapping(
    text: str | bytes,
    file: str = "mapping.yaml",
    over: Mapping | None = None,
    *,
    reducers: Reducers = NONE,
) -> Mapping:
    """Read a mapping from text; `over` is the mapping that it is laid over, none by default.

    `file` is the name that problems and rules carry, `reducers` are those that the text may name.
    Raises MappingError with all problems.
    """
    data = text.encode() if isinstance(text, str) else text
    return _parsed(data, file, over or BARE, reducers)


def _parsed(data: bytes, file: str, base: Mapping, reducers: Reducers) -> Mapping:
    findings = Findings()
    document = read_document(data, file, findings)
    layer = read_layer(document, reducers, findings)
    mapping = lay_over(base, layer)
    check_homes(base, layer, document, findings)
    check_graph(mapping, findings)
    check_alone(layer, mapping, document, findings)
    check_columns(layer, mapping, findings)
    findings.settle()
    return mapping


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise MappingError([Problem(Place(str(path)), _unreadable(error))]) from error


def _unreadable(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file; check the path, or leave it out for the shipped mapping"
    if isinstance(error, IsADirectoryError):
        return "this is a folder; name the YAML file in it"
    return f"the file cannot be read ({error.strerror}); check its permissions"
