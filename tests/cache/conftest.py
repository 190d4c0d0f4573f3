"""A vendor with a history, a clock that is set by hand, and a cache between the two."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from attrs import Factory, define, evolve

from datalake.cache import AssetCache, SeriesKey
from datalake.models import DAY, Column, Dataset, Stamp, Window
from datalake.stores import open_store

DATASET = Dataset(
    name="market",
    columns={
        "price": Column("usd", "the price", minimum=0),
        "rank": Column("", "the rank", type="int64"),
        "label": Column("", "a label", type="string"),
    },
    fetch=lambda native_id, window, client: {},
    stamp=Stamp.START,
)
KEY = SeriesKey("acme", "market", "bitcoin")
EPOCH = date(1970, 1, 1)


def truth(day):
    """What the vendor says of a day, unless it has been changed."""
    number = (day - EPOCH).days
    return {"price": number / 7, "rank": number, "label": f"day {number}"}


@define
class Lake:
    """One series: the vendor that has it, the store that shares it, the clock that both see."""

    store: object
    now: datetime = datetime(2026, 3, 15, 10, tzinfo=timezone.utc)
    born: date = date(2020, 1, 1)
    through: date | None = None
    changed: dict = Factory(dict)
    calls: list = Factory(list)
    slept: list = Factory(list)
    error: Exception | None = None
    dataset: Dataset = DATASET
    native_id: str = "bitcoin"

    @property
    def today(self):
        return self.now.date()

    @property
    def cache(self):
        return AssetCache(self.store, clock=lambda: self.now, sleep=self.slept.append)

    def fetch(self, window):
        """Answers like a vendor: what it has of the window, none of the future."""
        self.calls.append(window)
        if self.error:
            raise self.error
        last = self.today if self.through is None else self.through
        whole = Window(self.born, last + DAY)
        days = days_of(whole if self.dataset.whole else window & whole)
        rows = [{**truth(day), **self.changed.get(day, {})} for day in days]
        time = [(day - EPOCH).days * 86_400 for day in days]
        return {"time": time, **{name: [row[name] for row in rows] for name in truth(EPOCH)}}

    def get(self, start, end, *, since="2013-01-01", **more):
        """The days from `start` to before `end`, from whatever the plan reaches `since`."""
        wanted = Window(day(start), day(end))
        reachable = Window(day(since), self.today)
        return self.cache.get_or_fetch(
            KEY,
            self.dataset,
            self.native_id,
            wanted,
            reachable,
            more.get("fetch", self.fetch),
            refresh=more.get("refresh", False),
        )

    def known(self):
        return self.cache.find(KEY, self.dataset).coverage


def day(text):
    return text if isinstance(text, date) else date.fromisoformat(text)


def days_of(window):
    return [window.start + timedelta(days=number) for number in range(window.days)]


def dates(table):
    return [str(day) for day in table["date"].to_pylist()]


@pytest.fixture(params=["memory", "file", "bucket"])
def lake(request, tmp_path):
    """A vendor and an empty cache: in memory, in a folder, and in a bucket."""
    if request.param == "bucket":
        return Lake(open_store("gs://lake", {}, request.getfixturevalue("gcs_env")))
    return Lake(open_store("memory:" if request.param == "memory" else str(tmp_path / "lake"), {}))


@pytest.fixture
def new_lake():
    """Makes a vendor with a cache over any store."""
    return Lake


@pytest.fixture
def key():
    return KEY


@pytest.fixture
def dataset():
    return DATASET


@pytest.fixture
def whole(lake):
    """The same, of a vendor whose every answer is the whole history."""
    lake.dataset = evolve(DATASET, whole=True)
    return lake
