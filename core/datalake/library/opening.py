"""`datalake.open`: from a URL to a lake to read from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from ..clock import now
from ..environment import read_environment
from ..lake.opening import open_lake
from ..names import OUTPUT
from ..plugins import load
from ..settings import CacheSettings
from ..stores import Store
from .lake import Lake


def open(
    url: str | Path | Store,
    *,
    output: str | Path | None = None,
    mirror: Path | None = None,
    plugins: Iterable[str] | None = None,
    environment: Mapping[str, str] | None = None,
    clock: Callable[[], datetime] = now,
) -> Lake:
    """The lake at a URL, to be read from: a folder, `gs://bucket/prefix`, `memory:`, or what a
    plugin's store opens; or an open store itself. Nothing is asked of it yet.

        lake = datalake.open("gs://our-bucket/lake")
        prices = lake.series("coingecko.market", ["bitcoin"], columns=["price"])

    - `output` is the published file that `published` and `explain` read, a path or a URL; by
      default `user_facing_data.parquet` in the lake.
    - `mirror` is a folder in which downloads from a remote lake are kept, for the next time.
    - `plugins` names those that are loaded, by default all that are installed: a dataset is read
      by what its provider's plugin declares.
    - `environment` holds what leads to a bucket (`GOOGLE_APPLICATION_CREDENTIALS`,
      `GCP_PROJECT_ID`, `STORAGE_EMULATOR_HOST`); by default that of the process, and `.env`. No
      other variable and no `datalake.toml` is read.

    Raises ConfigError for a URL that names no lake.
    """
    variables = read_environment(os.environ, Path(".env")) if environment is None else environment
    registry = load(plugins)
    beside = f"{str(url).rstrip('/')}/{OUTPUT}" if isinstance(url, (str, Path)) else None
    store = (
        open_lake(str(url), registry, variables, mirrored(mirror))
        if isinstance(url, (str, Path))
        else url
    )
    file = str(output) if output is not None else beside
    return Lake(store, file, registry=registry, environment=variables, clock=clock)


def mirrored(folder: Path | None) -> CacheSettings:
    """Where downloads are kept: in that folder, or nowhere."""
    return CacheSettings(mirror_megabytes=0) if folder is None else CacheSettings(mirror=folder)
