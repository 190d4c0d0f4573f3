"""A store in a single SQLite file: `sqlite:lake.db`, or by its whole path `sqlite:/data/lake.db`.

SQLite lets one writer in at a time, whatever thread or process it is of, so what is read and
written within one transaction is never half of another's work.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from attrs import frozen

from datalake import (
    ABSENT,
    ConfigError,
    Conflict,
    Entry,
    ReadOnly,
    Store,
    Stored,
    StoreError,
    check_key,
    check_prefix,
)

#: `autoincrement` never gives a number twice, so each write is a generation of its own.
TABLE = """
create table if not exists objects (
    generation integer primary key autoincrement,
    key text not null unique,
    data blob not null,
    metadata text not null,
    updated text not null
)
"""


def open_sqlite(url: str) -> Store:
    """The store in the file that the URL names; it is made by the first write."""
    path = url.partition(":")[2]
    if not path:
        raise ConfigError(f"{url}: name a file: sqlite:lake.db")
    return SqliteStore(Path(path))


@frozen
class SqliteStore:
    """Objects as rows of one table."""

    path: Path

    @property
    def url(self) -> str:
        return f"sqlite:{self.path}"

    def get(self, key: str, *, known: Entry | None = None) -> Stored | None:
        check_key(key)
        for row in self._select(
            "select data, generation, metadata from objects where key = ?", key
        ):
            return Stored(row[0], str(row[1]), json.loads(row[2]))
        return None

    def put(self, key: str, data: bytes, metadata: Mapping[str, str], *, if_generation: str) -> str:
        check_key(key)
        now = datetime.now(timezone.utc).isoformat()
        with self._writing() as database:
            self._expect(database, key, if_generation)
            written = database.execute(
                "insert or replace into objects (key, data, metadata, updated) values (?, ?, ?, ?)",
                (key, data, json.dumps(dict(metadata)), now),
            )
        return str(written.lastrowid)

    def list(self, prefix: str = "") -> Iterator[Entry]:
        check_prefix(prefix)
        for key, size, generation, updated, metadata in self._select(
            "select key, length(data), generation, updated, metadata from objects"
            " where substr(key, 1, ?) = ? order by key",
            len(prefix),
            prefix,
        ):
            moment = datetime.fromisoformat(updated)
            yield Entry(key, size, str(generation), moment, json.loads(metadata))

    def delete(self, key: str, *, if_generation: str | None = None) -> None:
        check_key(key)
        with self._writing() as database:
            if if_generation is not None and _generation(database, key) != ABSENT:
                self._expect(database, key, if_generation)
            database.execute("delete from objects where key = ?", (key,))

    def _expect(self, database: sqlite3.Connection, key: str, generation: str) -> None:
        if _generation(database, key) != generation:
            raise Conflict(f"{key} in {self.url} was written by somebody else in the meantime")

    def _select(self, query: str, *parameters: object) -> Sequence[Any]:
        if not self.path.exists():
            return []
        with self._connected() as database:
            made = database.execute("select 1 from sqlite_master where name = 'objects'").fetchone()
            return database.execute(query, parameters).fetchall() if made else []

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that nobody else is in; what raises inside leaves no trace."""
        with self._connected() as database:
            database.execute("begin immediate")
            database.execute(TABLE)
            yield database
            database.execute("commit")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=60, isolation_level=None)) as database:
                yield database
        except sqlite3.Error as error:
            kind = ReadOnly if "readonly" in str(error) else StoreError
            raise kind(f"{self.url}: {error}") from error


def _generation(database: sqlite3.Connection, key: str) -> str:
    row = database.execute("select generation from objects where key = ?", (key,)).fetchone()
    return str(row[0]) if row else ABSENT
