"""What `datalake.toml` may say; flags of the command line go over it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

from .errors import ConfigError

FILE = Path("datalake.toml")


@frozen
class RunSettings:
    """Defaults of `datalake run`; each is the flag of the same name."""

    providers: str = "all"
    top: int = 200
    since: str | None = None
    cache: str | None = None
    output: str | None = None
    mapping: str | None = None
    columns: str = "standard"


@frozen
class GateSettings:
    """What a candidate must keep of the file that it would replace."""

    min_ratio: float = 0.9


@frozen
class Settings:
    """The whole file. `rates` are calls per minute by provider, where the vendor grants a key
    another limit than its plan's usual one."""

    run: RunSettings = RunSettings()
    gate: GateSettings = GateSettings()
    rates: Mapping[str, float] = field(factory=dict)


def read_settings(path: Path = FILE) -> Settings:
    """The settings of the file, or the defaults where there is none. Raises ConfigError."""
    if not path.exists():
        return Settings()
    import typed_settings as ts

    loader = ts.FileLoader(formats={"*.toml": ts.TomlFormat(None)}, files=[path])
    try:
        return ts.load_settings(Settings, [loader])
    except ts.exceptions.TsError as error:
        # typed-settings says only "1 errors occured"; the reasons are one level down
        reasons = getattr(error, "exceptions", None) or [error]
        lines = "\n".join(f"{path}: {reason}" for reason in reasons)
        raise ConfigError(lines) from error
