"""The store keeps what every store promises."""

import sqlite3
from contextlib import closing

from datalake.testing import StoreTests


class TestSqlite(StoreTests):
    opener = "datalake_fees.sqlite:open_sqlite"

    def url(self, place):
        return f"sqlite:{place / 'lake.db'}"

    def peek(self, store, key):
        if not store.path.exists():
            return None
        with closing(sqlite3.connect(store.path)) as database:
            row = database.execute("select data from objects where key = ?", (key,)).fetchone()
            return row[0] if row else None
