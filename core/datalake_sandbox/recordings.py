"""Recorded responses instead of the simulated market, served byte for byte.

`index.json` in the folder of recordings (or its own path) says which answer belongs to which
request: the first entry whose provider and path are equal and whose query items are all there.
Anything else is answered as that API answers an unknown name.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from datalake_sandbox import coingecko_errors as coingecko
from datalake_sandbox.defillama_errors import unknown_name
from datalake_sandbox.lunarcrush_errors import unknown_coin
from datalake_sandbox.messages import JSON, Access, Answer, Request, json_answer

FORMAT = 1


class Entry(msgspec.Struct, frozen=True):
    """One recorded response; `file` is relative to the index."""

    provider: str
    path: str
    status: int
    file: str
    query: dict[str, str] = {}


class Index(msgspec.Struct, frozen=True):
    """The index of a folder of recordings."""

    format: int
    as_of: datetime
    responses: tuple[Entry, ...]


def _index_file(path: Path) -> Path:
    return path if path.suffix == ".json" else path / "index.json"


def read_index(path: Path) -> Index:
    """The index of the recordings at `path`; ValueError names the file and what is wrong."""
    file = _index_file(path)
    try:
        index = msgspec.json.decode(file.read_bytes(), type=Index)
    except OSError as error:
        raise ValueError(f"{file}: no index of recordings: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise ValueError(f"{file}: not an index of recordings: {error}") from error
    if index.format != FORMAT:
        raise ValueError(f"{file}: format {index.format} is not known, only {FORMAT}")
    if index.as_of.tzinfo is None:
        raise ValueError(f"{file}: as_of must carry a time zone, for example …T10:30:00Z")
    return index


def recordings_clock(path: Path) -> datetime:
    """The moment of a folder of recordings (UTC): the default clock of a sandbox over them."""
    return read_index(path).as_of.astimezone(timezone.utc)


class Recordings:
    """Answers one provider's requests from recordings."""

    def __init__(self, path: Path, provider: str) -> None:
        file = _index_file(path)
        self._provider = provider
        self._entries: dict[str, list[tuple[Entry, Path]]] = {}
        for entry in read_index(path).responses:
            body = file.parent / entry.file
            if not body.is_file():
                raise ValueError(f"{file}: the recording {entry.file} of {entry.path} is missing")
            if entry.provider == provider:
                self._entries.setdefault(entry.path, []).append((entry, body))

    def answer(self, request: Request, access: Access) -> Answer:
        """The recorded answer, or the vendor's words for something it does not know."""
        for entry, file in self._entries.get(access.path, ()):
            if _within(entry.query, request.query):
                body = file.read_bytes()
                if file.suffix == ".gz":
                    body = gzip.decompress(body)
                return Answer(entry.status, body, JSON)
        if self._provider == "coingecko":
            # the only page that answers unknown ids with an empty list
            listed = access.path.endswith("/coins/markets")
            return json_answer([]) if listed else coingecko.coin_not_found()
        return unknown_name(access.path) if self._provider == "defillama" else unknown_coin()


def _within(items: Mapping[str, str], query: Mapping[str, str]) -> bool:
    return all(query.get(name) == value for name, value in items.items())
