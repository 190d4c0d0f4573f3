"""Writes the package of a new provider: small, complete, and green as it is.

The templates are the files of a package for a vendor called Acme; another name takes its place.
"""

from __future__ import annotations

import importlib.util
import keyword
import re
from collections.abc import Iterator
from pathlib import Path

from .._version import __version__
from ..errors import ConfigError

TEMPLATES = Path(__file__).parent / "acme"
SUFFIX, DOT = ".tmpl", "dot-"
_WORD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 30


def checked_name(name: str) -> str:
    """A name that a new provider can have. Raises ConfigError, which says why it cannot."""
    if not _WORD.fullmatch(name) or len(name) > _LONGEST:
        raise ConfigError(
            f"{name!r} is no name for a provider: take a lower-case word of letters, digits and "
            f"single underscores, {_LONGEST} at most, such as acme or acme_pro"
        )
    if keyword.iskeyword(name) or name == "all":
        raise ConfigError(f"{name!r} means something else already: take another name")
    if importlib.util.find_spec(f"datalake_{name}"):
        raise ConfigError(f"there is a package datalake_{name} already: take another name")
    return name


def write_package(name: str, folder: Path) -> list[Path]:
    """Write the package of that provider into a new folder; the files, in order.

    Raises ConfigError where the folder exists, or cannot be made.
    """
    files = {folder / _renamed(path, name): text for path, text in _templates(name)}
    try:
        folder.mkdir(parents=True)
        for file, text in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except FileExistsError as error:
        raise ConfigError(
            f"{folder} exists already: name a new folder by --dir, or remove it first"
        ) from error
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror or error}") from error
    return list(files)


def _templates(name: str) -> Iterator[tuple[Path, str]]:
    for path in sorted(TEMPLATES.rglob(f"*{SUFFIX}")):
        yield path.relative_to(TEMPLATES), _named(path.read_text(encoding="utf-8"), name)


def _renamed(template: Path, name: str) -> Path:
    parts = [re.sub(f"^{DOT}", ".", part) for part in template.parts]
    return Path(_named(str(Path(*parts)).removesuffix(SUFFIX), name))


def _named(text: str, name: str) -> str:
    """The text with another name in Acme's place, in each of the forms that it has there."""
    words = name.split("_")
    title = " ".join(word.capitalize() for word in words)
    for form, other in {
        "VERSION": __version__,
        "datalake-acme": f"datalake-{'-'.join(words)}",
        "acme.example": f"{'-'.join(words)}.example",
        "TestAcme": f"Test{title.replace(' ', '')}",
        "ACME": name.upper(),
        "Acme": title,
        "acme": name,
    }.items():
        text = text.replace(form, other)
    return text
