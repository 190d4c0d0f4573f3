"""Whether a run may publish to an output: what it is told before it makes a call."""

from __future__ import annotations

from pathlib import Path

from ..errors import ConfigError, StoreError
from .place import LocalPlace, Place, assets_name, candidate_name, in_words
from .standing import guard


def assets_path(path: Path) -> Path:
    """The assets file beside a local data file."""
    return path.with_name(assets_name(path.name))


def candidate_path(path: Path) -> Path:
    """Where a candidate is kept that was refused for a local data file."""
    return path.with_name(candidate_name(path.name))


def published_paths(path: Path) -> tuple[Path, ...]:
    """The files that a publication at the path writes."""
    return path, assets_path(path), candidate_path(path)


def check_output(place: Place | Path, synthetic: bool) -> None:
    """Find out before any call is made whether a run could publish there.

    Raises ConfigError for a folder, a place that cannot be reached or written, something there
    that is not ours, and an output begun with synthetic data by a run with real data, or the
    reverse.
    """
    place = LocalPlace(place) if isinstance(place, Path) else place
    try:
        guard(place, synthetic)
    except (OSError, StoreError) as error:
        raise ConfigError(f"output {place.url} cannot be read ({in_words(error)})") from error
    try:
        place.probe()
    except (OSError, StoreError) as error:
        raise ConfigError(
            f"output {place.url} cannot be written ({in_words(error)}): "
            "choose another place with --output"
        ) from error
