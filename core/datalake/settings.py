"""What `datalake.toml` may say; flags of the command line go over it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from attrs import Attribute, field, fields, frozen

from .errors import ConfigError
from .rules import GateRules, not_negative
from .suggest import did_you_mean

FILE = Path("datalake.toml")


def _at_least_one(_: Any, attribute: Attribute[int], value: int) -> None:
    if value < 1:
        raise ValueError(f"{attribute.name} must be 1 or more, not {value}")


def _positive(_: Any, attribute: Attribute[Any], value: Mapping[str, float]) -> None:
    for name, rate in value.items():
        if not 0 < rate < math.inf:
            raise ValueError(
                f"{attribute.name}: {name} must be more than 0 calls per minute, not {rate:g}"
            )


def _selection(_: Any, attribute: Attribute[str], value: str) -> None:
    if value not in ("standard", "extended"):
        raise ValueError(f"{attribute.name} must be standard or extended, not {value!r}")


@frozen
class RunSettings:
    """What a run does where its command line does not say.

    - `providers`: `all` that are installed, or names: `a,b`.
    - `top`: how many canonical assets.
    - `since`: the first day; without it all that the plans offer.
    - `cache`: where series are kept: a folder, or the URL of a store.
    - `output`: the file to publish: a path, or `gs://…`.
    - `mapping`: a YAML file that is laid over the shipped mapping.
    - `columns`: `standard` or `extended`.
    """

    providers: str = "all"
    top: int = 200
    since: date | None = None
    cache: str | None = None
    output: str | None = None
    mapping: str | None = None
    columns: str = field(default="standard", validator=_selection)


@frozen
class CacheSettings:
    """How much of a remote store is kept on this machine.

    - `mirror`: the folder for what was downloaded.
    - `mirror_megabytes`: its largest size; 0 keeps nothing.
    """

    mirror: Path = Path(".datalake/mirror")
    mirror_megabytes: int = field(default=2000, validator=not_negative)


@frozen
class PublishSettings:
    """What is kept beside the published file.

    - `history`: how many publications one can go back to.
    """

    history: int = field(default=30, validator=_at_least_one)


@frozen
class Settings:
    """The whole file.

    - `run`: what a run does where its command line does not say.
    - `cache`: how much of a remote store is kept on this machine.
    - `gate`: the bounds that a candidate must keep to.
    - `publish`: what is kept beside the published file.
    - `rates`: calls per minute by provider, where the vendor grants a key another limit than its
      plan's usual one, or several machines share it.
    """

    run: RunSettings = RunSettings()
    cache: CacheSettings = CacheSettings()
    gate: GateRules = field(factory=GateRules)
    publish: PublishSettings = PublishSettings()
    rates: Mapping[str, float] = field(factory=dict, validator=_positive)


def read_settings(path: Path = FILE) -> Settings:
    """The settings of the file, or the defaults where there is none.

    Raises ConfigError, which names the file and each setting in it that is wrong.
    """
    if not path.exists():
        return Settings()
    document = _document(path)
    import cattrs

    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind, strict in (
        (str, _text),
        (Path, _path),
        (int, _whole),
        (float, _number),
        (date, _day),
    ):
        converter.register_structure_hook(kind, strict)
    try:
        return converter.structure(document, Settings)
    except cattrs.BaseValidationError as error:
        told = cattrs.transform_error(error, "$", _what)
    raise ConfigError("\n".join(_line(path, text) for text in told))


def _document(path: Path) -> dict[str, Any]:
    import typed_settings as ts

    try:
        return dict(ts.TomlFormat(None)(path, Settings, ()))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text: save it as UTF-8") from error
    except ts.exceptions.TsError as error:
        raise ConfigError(f"{path}: {error}") from error


def _line(path: Path, told: str) -> str:
    what, _, where = told.rpartition(" @ $")
    place = where.removeprefix(".")
    return f"{path}: {place}: {what}" if place else f"{path}: {what}"


def _what(error: BaseException, kind: type | None) -> str:
    """One mistake in words; cattrs says where."""
    from cattrs.errors import ForbiddenExtraKeysError

    if isinstance(error, ForbiddenExtraKeysError):
        known = [one.name for one in fields(error.cl)]
        return "; ".join(
            f"there is no setting {name!r}{did_you_mean(name, known)}"
            for name in sorted(error.extra_fields)
        )
    if isinstance(error, (AttributeError, TypeError, KeyError)):
        return "must be a section with settings in it"
    return str(error.args[0]) if error.args else str(error)


def _text(value: Any, _: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text in quotes, not {value!r}")
    if not value.strip():
        raise ValueError("is empty: give a value, or remove the line")
    return value


def _path(value: Any, _: Any) -> Path:
    return Path(_text(value, _))


def _whole(value: Any, _: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be a whole number, not {value!r}")
    return value


def _number(value: Any, _: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"must be a number, not {value!r}")
    return float(value)


def _day(value: Any, _: Any) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"must be a day like 2026-03-15, not {value}") from None
