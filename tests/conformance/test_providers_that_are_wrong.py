"""Each mistake that authors make is caught, and told with what to change."""

from __future__ import annotations

import re

import pytest
import requests

from datalake import Asset, Column, FetchError, Key, NotFound, Rate, Stamp

from .conftest import DAY, FEES, FIRST, HOST, NOW, acme, complaints, days, fetch, report


def test_a_right_one_passes_every_check(samples):
    """With all faults, with grade A: what is caught below is not caught for nothing."""
    found = report(acme(), samples(), faults=True)
    assert complaints(found) == {}
    assert found.grade.name == "A"
    assert len(found.outcomes) == 11 + 41


@pytest.mark.parametrize(
    ("key", "base_url"),
    [
        (Key("ACME_API_KEY", "query", "api_key"), HOST),
        (Key("ACME_API_KEY", "path"), "https://api.acme.example/{key}/v1"),
        (Key("ACME_API_KEY", name="Authorization", prefix="Bearer "), HOST),
        (None, HOST),
    ],
    ids=["query", "path", "bearer", "keyless"],
)
def test_a_right_one_passes_however_its_key_travels(samples, key, base_url):
    """The client puts it in, and the samples are the same."""
    assert complaints(report(acme(key=key, base_url=base_url), samples())) == {}


def returns(change):
    """A fetch that returns what `change` makes of the right columns."""
    return lambda *given: change(fetch(*given))


def ignores_the_window(native_id, window, client):
    rows = client.get("assets/BTC/fees", {"days": 30})
    return {"time": [r["time"] for r in rows["data"]], "fees": [r["fees"] for r in rows["data"]]}


def swallows(native_id, window, client):
    try:
        return fetch(native_id, window, client)
    except FetchError:
        return {"time": [], "fees": []}


def translates(native_id, window, client):
    try:
        return fetch(native_id, window, client)
    except FetchError as error:
        raise NotFound(f"no data: {error}") from error


def by_hand(native_id, window, client):
    return requests.get(f"{HOST}/assets/BTC/fees", timeout=5).json()


MISTAKES = {
    "one day late": (
        {},
        {"body": days(stamp=lambda day: FIRST + day * DAY)},
        "stamp",
        "fees is one day late: the fees of 2026-03-03 \\(1021.25\\) comes as that of 2026-03-04. "
        "The vendor stamps a row with the end of the day it covers: declare stamp=Stamp.END",
    ),
    "one day early": (
        {"stamp": Stamp.END},
        {},
        "stamp",
        "fees is one day early: .* declare stamp=Stamp.START",
    ),
    "another unit": (
        {},
        {"body": days(fees={day: value / 1000 for day, value in FEES.items()})},
        "stamp",
        "1021.25 was looked up: 0.001 times as much, so the unit is another than declared",
    ),
    "ignores its window": (
        {"fetch": ignores_the_window},
        {"answers": {"assets": "assets.json", "assets/BTC/fees": "fees.json"}},
        "window",
        "asks for assets/BTC/fees\\?days=30 whatever its window is: put `window.start`",
    ),
    "lacks a column": (
        {"fetch": returns(lambda columns: {"time": columns["time"], "fee": columns["fees"]})},
        {},
        "values",
        "fees.fetch: the answer lacks 'fees'; delivered: 'time', 'fee'",
    ),
    "a column of nothing": (
        {"fetch": returns(lambda columns: {**columns, "fees": [None] * 10})},
        {},
        "values",
        "column 'fees' is null on every day: does the answer call it otherwise",
    ),
    "asks for no day that there is": (
        {},
        {"body": {"data": []}},
        "values",
        "fees has no row in the window of .*asked for assets/BTC/fees.*in the vendor's unit of",
    ),
    "texts for numbers": (
        {"fetch": returns(lambda columns: {**columns, "fees": list(map(str, columns["fees"]))})},
        {},
        "values",
        "column 'fees' is declared double, but holds '1007.25' \\(str\\)",
    ),
    "beyond its limits": (
        {"columns": {"fees": Column("USD", "fees paid", minimum=0, maximum=1010)}},
        {},
        "values",
        "fees of 2026-03-02 is 1014.25, and its Column says that it must be from 0 to 1010",
    ),
    "seconds for milliseconds": (
        {"time_unit": "ms"},
        {},
        "values",
        "'fees' declares time_unit='ms': are they seconds\\?",
    ),
    "milliseconds for seconds": (
        {},
        {"body": days(stamp=lambda day: 1000 * (FIRST + (day - 1) * DAY))},
        "values",
        "'fees' declares time_unit='s': are they milliseconds\\?",
    ),
    "duplicates": (
        {"fetch": returns(lambda columns: {k: v + v[:1] for k, v in columns.items()})},
        {},
        "days",
        "fees.fetch returns 2 rows for 2026-03-01: return one row a day",
    ),
    "the last day is missing": (
        {"fetch": returns(lambda columns: {k: v[:-1] for k, v in columns.items()})},
        {},
        "days",
        "lacks the last day of \\[2026-03-01, 2026-03-11\\), .*is the request's end exclusive",
    ),
    "the first day is missing": (
        {"fetch": returns(lambda columns: {k: v[1:] for k, v in columns.items()})},
        {},
        "days",
        "lacks the first day of .*, its `start` included",
    ),
    "a hole": (
        {"fetch": returns(lambda columns: {k: v[:4] + v[5:] for k, v in columns.items()})},
        {},
        "days",
        "fees has no row of 2026-03-05: if the vendor has them, fetch loses them",
    ),
    "swallows a refusal": (
        {"fetch": swallows},
        {},
        "refusals",
        "with fault 401: fetch gave 0 rows as if all were well. Let the error through",
    ),
    "makes another error of it": (
        {"fetch": translates},
        {},
        "refusals",
        "fetch raises NotFound where the client raised Refused: let it through",
    ),
    "calls a refusal not found": (
        {"classify": lambda status, body: NotFound if status >= 400 else None},
        {},
        "refusals",
        "`classify` calls it NotFound, so that with a wrong key every asset would look as if",
    ),
    "calls a good answer an error": (
        {"classify": lambda status, body: NotFound if b"time" in body else None},
        {},
        "classify",
        "classify calls the sample of assets/BTC/fees.* an error, though it is none",
    ),
    "classify breaks": (
        {"classify": lambda status, body: NotFound if body.decode() == "no" else None},
        {},
        "classify",
        "broke with UnicodeDecodeError",
    ),
    "covers everything": (
        {"resolve": lambda asset, client: "BTC"},
        {},
        "coverage",
        "fees has data for 'an-asset-that-nobody-has', which nobody has: resolve took it for 'BTC'",
    ),
    "raises for what it does not cover": (
        {"resolve": lambda asset, client: {"bitcoin": "BTC"}[asset.id]},
        {},
        "coverage",
        "fees.resolve broke with KeyError: .*: give None for what is not covered",
    ),
    "a number for a name": (
        {"resolve": lambda asset, client: 1},
        {},
        "coverage",
        "fees.resolve gave 1 for bitcoin: give the provider's own name as a text, or None",
    ),
    "covers nothing": (
        {"resolve": lambda asset, client: None},
        {},
        "coverage",
        "fees covers none of the assets in .*index.json \\(bitcoin\\): name one there",
    ),
    "asks without its client": (
        {"fetch": by_hand},
        {},
        "secrets",
        "fees.* tried to reach api.acme.example itself: ask through `client.get`",
    ),
    "no sample": (
        {"resolve": lambda asset, client: client.get("coins").get(asset.id)},
        {},
        "coverage",
        "fees.resolve asks for coins, and no sample answers it.*: add it to `answers` in",
    ),
    "asks for no window at all": (
        {"fetch": ignores_the_window},
        {},
        "values",
        "asks for assets/BTC/fees\\?days=30, and no sample answers it \\(that path is answered as "
        "assets/BTC/fees\\?.*: does fetch ask for its window\\?\\)",
    ),
    "a query in its path": (
        {"fetch": lambda name, *rest: rest[1].get(f"assets/{name}/fees?days=30")},
        {},
        "values",
        "fees.fetch puts a question mark into its path, 'assets/BTC/fees\\?days=30': give",
    ),
    "says too few calls": (
        {"calls": lambda *given: 3},
        {},
        "calls",
        "fees.fetch made 1 calls and fees.calls says 3: a run is planned",
    ),
    "no proof of the day": ({}, {"known": None}, "stamp", "Look one day up on the vendor's own"),
    "no unit": (
        {"columns": {"fees": Column("", "fees paid in the day", minimum=0)}},
        {},
        "columns",
        "column 'fees' has no unit, and a number without one is of no use",
    ),
    "a name of the framework's": (
        {"columns": {"date": Column("USD", "fees", minimum=0)}},
        {},
        "columns",
        "column 'date' is the framework's own; call it otherwise",
    ),
    "lists others than were asked for": (
        {"universe": lambda ids, client: iter([Asset("bitcoin"), Asset("dogecoin")])},
        {},
        "universe",
        "universe\\(\\['bitcoin'\\], client\\) gives other assets than that one",
    ),
    "lists one twice": (
        {"universe": lambda ids, client: iter([Asset("bitcoin"), Asset("bitcoin")])},
        {},
        "universe",
        "universe lists an asset twice among the first",
    ),
    "a snapshot of others": (
        {"snapshot": lambda ids, client: {"native_id": ["ETH"], "time": [NOW], "fees": [1.0]}},
        {},
        "snapshot",
        "fees.snapshot\\(\\['BTC'\\]\\) tells of 'ETH', too",
    ),
    "no limit": ({"rate": Rate(0)}, {}, "plans", "is no limit; Rate\\(30\\) means 30 calls a min"),
    "no page for keys": ({"keys_url": ""}, {}, "plans", "keys_url is empty: whoever lacks a key"),
    "a host without https": (
        {"base_url": "http://api.acme.example/v1"},
        {},
        "plans",
        "http://api.acme.example is neither https nor this machine: a key must not travel in the",
    ),
    "a key without its name": (
        {"key": Key("ACME_API_KEY")},
        {},
        "plans",
        "Key\\(name=…\\) is missing: the header item that the key travels in",
    ),
    "a path without its key": (
        {"key": Key("ACME_API_KEY", "path")},
        {},
        "plans",
        "a key that travels in the path has place='path', and base_url says where by {key}",
    ),
    "a capital name": ({"name": "Acme"}, {}, "name", "name='Acme': take a lower-case word"),
    "not installed": ({"name": "emca"}, {}, "name", "no installed plugin brings 'emca'"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_caught_and_told(samples, mistake):
    """Under the check that is about it, in a sentence that says what to change."""
    changed, written, check, told = MISTAKES[mistake]
    provider, installed = acme(**changed), acme()
    if mistake != "not installed":
        installed = provider
    found = complaints(report(provider, samples(**written), installed=installed))
    assert check in found, found
    assert re.search(told, found[check]), found[check]
