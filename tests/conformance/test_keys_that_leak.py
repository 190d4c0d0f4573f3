"""A provider that shows the key anywhere is caught, wherever that is."""

from __future__ import annotations

import logging
import os

import pytest

from datalake import Asset, Key

from .conftest import HOST, acme, complaints, fetch, report


def key():
    return os.environ.get("ACME_API_KEY", "")


def in_the_url(native_id, window, client):
    client.get(f"assets/BTC/fees?session={key()}")
    return fetch(native_id, window, client)


def in_the_path(native_id, window, client):
    return client.get(f"{key()}/assets")


def under_a_telling_name(native_id, window, client):
    return client.get("assets/BTC/fees", {"api_key": "mine"})


def in_the_log(native_id, window, client):
    logging.getLogger("acme").info("my key is %s", key())
    return fetch(native_id, window, client)


def on_the_screen(native_id, window, client):
    print(key())
    return fetch(native_id, window, client)


def in_an_error(native_id, window, client):
    raise ValueError(f"no answer with {key()}")


def in_the_name(asset, client):
    return key() if asset == Asset("bitcoin") else None


LEAKS = {
    "url": ({"fetch": in_the_url}, "the URL that it asks for"),
    "path": ({"fetch": in_the_path}, "the URL that it asks for"),
    "query": ({"fetch": under_a_telling_name}, "the query item 'api_key'"),
    "log": ({"fetch": in_the_log}, "its log"),
    "print": ({"fetch": on_the_screen}, "what it prints"),
    "error": ({"fetch": in_an_error}, "the text of its error"),
    "name": ({"resolve": in_the_name}, "what it returns"),
}


PLACES = {
    "header": (Key("ACME_API_KEY", name="x-api-key"), HOST),
    "query": (Key("ACME_API_KEY", "query", "apikey"), HOST),
    "path": (Key("ACME_API_KEY", "path"), "https://api.acme.example/{key}/v1"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("leak", LEAKS)
def test_a_key_that_leaks_is_caught(samples, capsys, leak, place):
    """Wherever it is seen; and what was printed with it is not printed again."""
    changed, where = LEAKS[leak]
    key, base_url = PLACES[place]
    found = report(acme(key=key, base_url=base_url, **changed), samples())
    told = complaints(found)["secrets"]
    assert f"the key is seen in {where}" in told
    assert f"Key('ACME_API_KEY', place={place!r}" in told
    assert found.grade.name == "D"
    printed = capsys.readouterr()
    texts = [*complaints(found).values(), printed.out, printed.err]
    assert not [text for text in texts if "Planted" in text]
