"""With what software rows are made: its versions, and a digest of the code itself."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from .._version import __version__

LIBRARIES = ("narwhals", "numpy", "polars", "pyarrow", "requests", "requests-cache")
#: Their code turns series into rows.
MAKERS = ("datalake_aggregation", "datalake.series", "datalake.running")


def versions() -> dict[str, str]:
    """What a run is made with."""
    return {
        "datalake": __version__,
        "source": _source(),
        "python": platform.python_version(),
        **{library: version(library) for library in LIBRARIES},
    }


@cache
def _source() -> str:
    return digest(Path(str(files(package))) for package in MAKERS)


def digest(folders: Iterable[Path]) -> str:
    """Of all Python code below folders, for whoever works on it: its version stays the same."""
    found = sha256()
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            found.update(file.relative_to(folder).as_posix().encode())
            found.update(file.read_bytes())
    return found.hexdigest()[:16]
