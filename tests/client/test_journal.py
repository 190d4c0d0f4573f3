"""What is kept of each request: endpoint, asset, status, bytes, waits, tries, and no secret."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from datalake.client import Retry
from datalake.client.journal import concerning
from datalake.errors import FetchError
from datalake.models import Key
from datalake.secrets import Secret

CANARY = "c4nary+k3y/Zz9=x"


def test_each_try_is_a_request(vendor, make_client):
    """With the wait before it; a request that got no answer has no status."""
    vendor.then(status=503)
    vendor.then(reset=True)
    vendor.then({"a": 1})
    client = make_client(retry=Retry(attempts=3, initial=1, maximum=1))
    with concerning("bitcoin"):
        client.get("coins/{id}/chart", {"id": "btc", "days": 3})
    requests = client.requests
    assert [(one.tries, one.status, one.error) for one in requests] == [
        (1, 503, "Unavailable"),
        (2, None, "Unavailable"),
        (3, 200, None),
    ]
    assert {(one.endpoint, one.asset) for one in requests} == {("/coins/{id}/chart", "bitcoin")}
    assert requests[-1].bytes == len('{"a": 1}')
    assert requests[-1].wait > 0
    assert [one.after for one in requests] == sorted(one.after for one in requests)
    assert len(requests) == client.stats.calls
    assert [seen.path for seen in vendor.seen] == ["/stand-in/v1/coins/btc/chart?days=3"] * 3


def test_a_list_is_for_everybody(vendor, make_client):
    """Whoever asked first; a hit of the HTTP cache is no request."""
    client = make_client()
    with concerning("bitcoin"):
        for _ in range(2):
            client.get("/coins/list", keep=timedelta(hours=1))
    (request,) = client.requests
    assert (request.endpoint, request.asset) == ("/coins/list", None)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("BNB Chain", "BNB%20Chain"),
        ("a/b", "a%2Fb"),
        ("what?", "what%3F"),
        ("100%", "100%25"),
        ("ö", "%C3%B6"),
        (7, "7"),
    ],
)
def test_a_part_of_a_path_stays_one_part(vendor, make_client, name, sent):
    """Whatever signs it has."""
    make_client().get("chains/{name}", {"name": name})
    assert vendor.seen[0].path == f"/stand-in/v1/chains/{sent}"


@pytest.mark.parametrize("name", ["..", "."])
def test_a_part_of_a_path_leads_nowhere_else(vendor, make_client, name):
    """It is not sent."""
    with pytest.raises(FetchError, match=r"has \. or \.\. in its path"):
        make_client().get("chains/{name}", {"name": name})
    assert vendor.seen == []


def test_a_brace_that_names_nothing_stays(vendor, make_client):
    """A provider may write its paths whole."""
    make_client().get("chains/{name}", {"other": 1})
    assert vendor.seen[0].path == "/stand-in/v1/chains/%7Bname%7D?other=1"


@pytest.mark.parametrize("place", [("header", "x-key"), ("path", ""), ("query", "key")])
def test_the_journal_and_its_log_line_have_no_key(vendor, make_client, caplog, place):
    """Wherever the key travels; only the log of the HTTP library has to be scrubbed."""
    caplog.set_level(logging.DEBUG, logger="datalake")
    client = make_client(Key("V_KEY", *place), Secret(CANARY, "V_KEY"))
    client.get("coins/{id}", {"id": "btc"})
    (line,) = (one for one in caplog.records if one.getMessage() == "GET /coins/btc")
    assert (line.provider, line.endpoint, line.status) == ("vendor", "/coins/{id}", 200)
    assert not any(form in repr(vars(line)) for form in Secret(CANARY, "V").forms())
    assert not any(form in repr(client.requests) for form in Secret(CANARY, "V").forms())
