"""A provider of a vendor that does not exist, its samples, and what the checks say of it."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from functools import cache

import msgspec
import pytest
from attrs import evolve

from datalake import Column, Dataset, Key, Plan, Provider, Rate, Stamp
from datalake.conformance import Report, check_all, on_trial, read_samples
from datalake.plugins import Plugin, Registry
from datalake_sandbox import Sandbox

from . import sandboxed

NOW = datetime(2026, 3, 15, 10, 30, tzinfo=timezone.utc)
START, END = date(2026, 3, 1), date(2026, 3, 11)
FIRST = int(datetime(2026, 3, 1, tzinfo=timezone.utc).timestamp())
DAY = 86_400
#: By day of March.
FEES = {day: 1_000.25 + 7 * day for day in range(1, 11)}
HOST = "https://api.acme.example/v1"
HEADER = Key("ACME_API_KEY", name="x-api-key")


class Row(msgspec.Struct):
    """A day of the vendor's."""

    time: int
    fees: float | None


class Listed(msgspec.Struct):
    """An asset of the vendor's."""

    id: str
    symbol: str


class Rows(msgspec.Struct):
    """The vendor's answer."""

    data: list[Row]


def fetch(native_id, window, client):
    """As it should be."""
    start, end = window.unix()
    query = {"id": native_id, "from": start, "to": end}
    rows = client.get("assets/{id}/fees", query, into=Rows).data
    return {"time": [row.time for row in rows], "fees": [row.fees for row in rows]}


def listed(asset, client):
    """A resolver over a list."""
    known = client.get("assets", into=list[Listed])
    return next((one.symbol for one in known if one.id == asset.id), None)


DATASET = Dataset(
    name="fees",
    columns={"fees": Column("USD", "fees paid in the day", minimum=0)},
    fetch=fetch,
    resolve=listed,
    stamp=Stamp.START,
)
ACME = Provider(
    name="acme",
    title="Acme",
    keys_url="https://acme.example/keys",
    plans=(Plan("free", HOST, Rate(30), HEADER),),
    datasets=(DATASET,),
)


def acme(*, key=HEADER, base_url=HOST, rate=None, **changed):
    """The provider with something changed: of its dataset, or (classify and such) of itself."""
    own = {name: changed.pop(name) for name in list(changed) if hasattr(ACME, name)}
    plan = Plan("free", base_url, rate or Rate(30), key)
    dataset = evolve(DATASET, **changed)
    return evolve(ACME, **{"plans": (plan,), "datasets": (dataset,), **own})


def days(stamp=lambda day: FIRST + (day - 1) * DAY, fees=FEES):
    """The vendor's answer for these days."""
    return {"data": [{"time": stamp(day), "fees": value} for day, value in fees.items()]}


@pytest.fixture
def samples(tmp_path):
    """Writes samples by hand, and gives their folder."""

    def write(body=None, known=3, **changed):
        folder = tmp_path / "samples"
        folder.mkdir(exist_ok=True)
        (folder / "fees.json").write_text(json.dumps(days() if body is None else body))
        (folder / "assets.json").write_text('[{"id": "bitcoin", "symbol": "BTC"}]')
        window = f"from={FIRST}&to={FIRST + 10 * DAY}"
        index = {
            "as_of": "2026-03-15T10:30:00Z",
            "window": [str(START), str(END)],
            "assets": ["bitcoin"],
            "known": {"fees": {f"2026-03-{known:02}": {"fees": FEES[known]}}} if known else {},
            "answers": {"assets": "assets.json", f"assets/BTC/fees?{window}": "fees.json"},
        }
        (folder / "index.json").write_text(json.dumps({**index, **changed}))
        return folder

    return write


def report(provider, folder, *, faults=False, installed=None, notes=()):
    """What the checks say of a provider that is installed."""
    brought = [installed or provider]
    plugin = Plugin("acme", "datalake-acme", "0.1.0", providers=brought, notes=notes)
    registry = Registry([plugin])
    with on_trial(provider, read_samples(folder), lambda: registry) as trial:
        return Report(provider.name, check_all(trial, faults=faults))


def complaints(found):
    """What is wrong, by the name of the check."""
    return {one.check: one.advice for one in found.outcomes if one.state.value != "held"}


@pytest.fixture(scope="session")
def sandbox():
    """The three vendors, here in the place of the real ones."""
    with Sandbox(clock=NOW) as server:
        yield server


@pytest.fixture(scope="session")
def recorded(sandbox, tmp_path_factory):
    """Samples of a built-in provider, recorded from the sandbox once."""

    @cache
    def record(name):
        folder = tmp_path_factory.mktemp("recorded")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", str(folder))  # nobody else's pace
            return sandboxed.record(sandbox, name, folder / name)

    return record
