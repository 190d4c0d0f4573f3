"""The variables that a user sets: the process's environment, with `.env` filling its gaps."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

from .errors import ConfigError

#: What this library reads beside the keys and plans of providers, and what each variable says.
VARIABLES: Mapping[str, str] = {
    "GCP_BUCKET_NAME": "the bucket that is the cache, where nothing else is named",
    "GCP_PROJECT_ID": "the project that calls to the bucket are made for",
    "GOOGLE_APPLICATION_CREDENTIALS": "a file with credentials for the bucket, in place of "
    "Google's own default ones",
    "STORAGE_EMULATOR_HOST": "a server that speaks for Cloud Storage; no credentials are used",
    "DATALAKE_PLUGINS": "the plugins that may be loaded, by name: a,b; all others are left out. "
    "-a,-b leaves out these, and loads all others",
    "DATALAKE_TRACE_PLUGINS": "1 tells on stderr each step of how plugins are loaded",
}


def read_environment(environ: Mapping[str, str], dotenv: Path) -> dict[str, str]:
    """The environment and, below it, the one named `.env` file; an empty value is unset.

    Values are taken literally: `$` and `${…}` in a key are part of the key.
    """
    return {**_read(dotenv), **{name: value for name, value in environ.items() if value}}


def open_to_others(dotenv: Path) -> bool:
    """Whether any user of this machine may read the file; where there is none, nobody."""
    try:
        return bool(dotenv.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _read(dotenv: Path) -> dict[str, str]:
    if not dotenv.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        values = dotenv_values(dotenv, interpolate=False)
    except OSError as error:
        raise ConfigError(f"{dotenv} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{dotenv} is not UTF-8 text: save it as UTF-8") from error
    return {name: value for name, value in values.items() if value}
