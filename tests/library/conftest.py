"""A lake that three runs have made in the sandbox, the last by another mapping; and a small one."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from attrs import define

import datalake
from datalake.cache import AssetCache, SeriesKey
from datalake.models import DAY, Column, Dataset, Plan, Provider, Rate, Stamp, Window
from datalake.plugins import Plugin, Registry
from datalake.stores.memory import MemoryStore

from ..publish.conftest import frame
from ..publish.conftest import made as candidate_with

#: The instants of the three runs.
RUNS = [datetime(2026, 3, day, 10, 30, tzinfo=timezone.utc) for day in (12, 13, 15)]
MINE = "version: 1\nassets:\n  bitcoin:\n    wrapped: [wrapped-bitcoin]\n"


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The folder of the lake, with what is published in it."""
    folder = tmp_path_factory.mktemp("made") / "lake"
    mine = folder.parent / "mine.yaml"
    mine.write_text(MINE)
    for number, as_of in enumerate(RUNS):
        result = datalake.run(
            cache=folder,
            output=folder / "user_facing_data.parquet",
            sandbox=True,
            top=4,
            since="2026-01-01",
            as_of=as_of,
            mapping=mine if number == 2 else None,
            environment={},
        )
        assert result.exit_code == 0, result.report.message
    return folder


@pytest.fixture
def lake(made):
    return datalake.open(made, environment={})


PRICES = Dataset(
    name="prices",
    columns={"price": Column("US dollars", "what it costs")},
    fetch=lambda native_id, window, client: {},
    stamp=Stamp.START,
)
ACME = Provider(
    name="acme",
    title="Acme",
    plans=[Plan("free", "https://api.acme.example", Rate(60))],
    datasets=[PRICES],
)


@define
class Small:
    """A lake in memory with series of one provider, written day by day."""

    now: datetime
    store: MemoryStore

    @property
    def lake(self):
        registry = Registry([Plugin("acme", "acme", "1", providers=[ACME])])
        return datalake.Lake(self.store, registry=registry, environment={}, clock=lambda: self.now)

    def write(self, asset, since, prices):
        """What a vendor says now of the days from `since`."""
        days = [since + at * DAY for at in range(len(prices))]
        rows = {"date": days, "price": prices}
        cache = AssetCache(self.store, clock=lambda: self.now)
        key = SeriesKey("acme", "prices", asset)
        cache.put(key, PRICES, asset, rows, Window(since, since + len(prices) * DAY))

    def pass_time(self, **span):
        self.now += timedelta(**span)


@pytest.fixture
def small():
    return new_small()


def new_small():
    return Small(datetime(2026, 3, 10, 8, tzinfo=timezone.utc), MemoryStore())


@pytest.fixture(name="new_small", scope="session")
def _new_small():
    return new_small


@pytest.fixture
def first_day():
    return date(2026, 3, 1)


@pytest.fixture
def candidate():
    return candidate_with()


@pytest.fixture
def candidate_of():
    """A candidate with rows of these assets over so many days."""
    return lambda ids, days: candidate_with(frame(ids, days))
