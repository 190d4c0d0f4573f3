"""What an answer means: the class of each error, its text, and what never counts as an answer."""

from __future__ import annotations

import gzip
import tracemalloc

import msgspec
import pytest

from datalake.client import Limits, Retry
from datalake.errors import NotFound, Refused, Rejected, SchemaError, Unavailable
from datalake.models import Key
from datalake.secrets import Secret

KEY = Key("VENDOR_API_KEY", "header", "x-key")


class Row(msgspec.Struct):
    """What a provider wants of each row."""

    id: str
    cap: float | None = None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, Refused),
        (402, Refused),
        (403, Refused),
        (404, NotFound),
        (405, Rejected),
        (408, Unavailable),
        (410, Rejected),
        (422, Rejected),
        (429, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
        (599, Unavailable),
    ],
)
def test_the_class_of_each_status(vendor, client, status, kind):
    """HTTP's own meaning decides where the provider does not say otherwise."""
    vendor.always(status=status)
    with pytest.raises(kind) as caught:
        client.get("/coins/x")
    assert f"vendor: GET /coins/x answered {status}" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": "coin not found"}, "coin not found"),
        ({"status": {"error_code": 10, "error_message": "no such day"}}, "no such day"),
        ({"error": {"status": {"error_code": 1, "error_message": "too early"}}}, "too early"),
        ({"timestamp": "t", "error_code": 1, "status": {"error_message": "use pro"}}, "use pro"),
        ({"status": 500, "error": "oops"}, "oops"),
        ({"message": "two\n  lines\u202e"}, "two lines"),
        (b"Upgrade to the paid API plan", "Upgrade to the paid API plan"),
        ({"error": "x" * 500}, "x" * 199 + "…"),
    ],
)
def test_the_vendor_is_quoted(vendor, client, body, said):
    """In one line of at most 200 signs, from any of the shapes that the vendors use."""
    vendor.always(body, status=400)
    with pytest.raises(Rejected) as caught:
        client.get("/x")
    assert str(caught.value) == f'vendor: GET /x answered 400: "{said}"'


@pytest.mark.parametrize("body", [b"<html><body>error 1020</body></html>", b"", [], {"a": 1}, 7])
def test_nothing_is_quoted_where_nothing_is_said(vendor, client, body):
    """A page of markup or an empty body adds nothing to the error."""
    vendor.always(body, status=400)
    with pytest.raises(Rejected, match=r"answered 400$"):
        client.get("/x")


def test_a_refused_key_is_named_by_its_variable(vendor, make_client):
    """The reader learns which variable and plan, and where to get a key; not the key."""
    vendor.always({"error": "bad key c4nary-key"}, status=401)
    client = make_client(KEY, Secret("c4nary-key", "VENDOR_API_KEY"))
    with pytest.raises(Refused) as caught:
        client.get("/x")
    assert str(caught.value) == (
        'vendor: GET /x answered 401: "bad key ***" (plan pro, key from VENDOR_API_KEY: check'
        " both; keys: https://vendor.example/keys)"
    )


def test_a_refusal_without_a_key_says_so(vendor, client):
    """Where no key was sent, that is the first thing to know."""
    vendor.always(status=403)
    with pytest.raises(Refused, match=r"plan free, without a key; keys: https://vendor.example"):
        client.get("/x")


def test_the_provider_may_know_better(vendor, make_client):
    """`classify` comes before HTTP's meaning, for a good status as for a bad one."""

    def classify(status, body):
        if b"10012" in body:
            return Rejected
        return Unavailable if b"try later" in body else None

    client = make_client(declared={"classify": classify}, retry=Retry(attempts=1))
    vendor.then({"error": {"status": {"error_code": 10012}}}, status=401)
    with pytest.raises(Rejected):
        client.get("/x")
    vendor.then({"status": {"error_message": "try later"}}, status=200)
    with pytest.raises(Unavailable, match='answered 200: "try later"'):
        client.get("/x")
    vendor.then(status=404)
    with pytest.raises(NotFound):
        client.get("/x")


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ({"body": b"<html>are you human?</html>"}, "an HTML page instead of JSON"),
        ({"body": b"  "}, "is empty"),
        ({"body": b""}, "is empty"),
        ({"body": b'{"prices": [[1, 2.0], [3,'}, "ends in the middle"),
        ({"body": b"rate limited"}, "is no JSON"),
        ({"body": '{"a": "é"}'.encode("latin-1")}, "is no JSON"),
        ({"body": '{"a": 1}'.encode("utf-16")}, "is no JSON"),
        ({"cut": 100}, "failed: the connection broke"),
        ({"reset": True}, "failed: the connection"),
        ({"body": {"a": 1}, "gzipped": True, "cut": 30}, "failed: the connection broke"),
    ],
)
def test_a_garbled_answer_is_passing_trouble(vendor, client, how, text):
    """It is tried again, and once it comes whole all is well."""
    vendor.then(**how)
    assert client.get("/x") == "fine"
    vendor.always(**how)
    with pytest.raises(Unavailable, match=text):
        client.get("/x")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'[{"id": "a", "cap": NaN}]', "holds NaN"),
        (b'[{"id": "a", "cap": -Infinity}]', "holds Infinity"),
        (b'[{"id": "a", "cap": 1e400}]', r"out of range at \$\[0\].cap"),
        (b'[{"id": "a", "cap": "12"}]', r"Expected float \| null, got str at \$\[0\].cap"),
        (b'[{"cap": 12}]', r"missing required field id at \$\[0\]"),
        (b'{"error": "not today"}', 'Expected array, got object: "not today"'),
        (b'[{"id": "a", "more": ' + b"[" * 100_000, "nested too deeply"),
    ],
)
def test_an_answer_of_another_shape_is_not_tried_again(vendor, client, body, text):
    """The error names the place; another try would bring the same."""
    vendor.always(body)
    with pytest.raises(SchemaError, match=text):
        client.get("/x", into=list[Row])
    assert len(vendor.seen) == 1


def test_an_answer_is_decoded_into_what_was_asked(vendor, client):
    """Fields that are not named are left out, a byte order mark is no matter."""
    vendor.always(b'\xef\xbb\xbf[{"id": "a", "cap": null, "image": {"big": []}}]')
    assert client.get("/x", into=list[Row]) == [Row("a")]


def test_a_bomb_stops_at_the_cap(vendor, make_client):
    """100 kB that unpack to 100 MB are cut off after the few that are allowed."""
    bomb = gzip.compress(bytes(100_000_000), 1)
    vendor.always(bomb, headers={"Content-Encoding": "gzip"})
    client = make_client(limits=Limits(body=2_000_000))
    tracemalloc.start()
    with pytest.raises(SchemaError, match="GET /x gave more than 2 MB"):
        client.get("/x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_an_error_page_is_read_only_as_far_as_it_tells_something(vendor, client):
    """A huge body does not hide that the status says to try again."""
    vendor.then(b"x" * 1_000_000, status=502)
    assert client.get("/x") == "fine"


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_dripping_answer_ends_at_the_deadline(vendor, make_client, part):
    """A byte now and then keeps every read time-out away, but not the deadline of the whole."""
    vendor.always(drip=part, cut=1_000_000)
    client = make_client(limits=Limits(read=60, total=0.3), retry=Retry(attempts=1))
    with pytest.raises(Unavailable, match="the answer did not come in time"):
        client.get("/x")


def test_silence_ends_at_the_read_timeout(vendor, make_client):
    """A server that takes the request and says nothing is given up."""
    vendor.gate.clear()
    client = make_client(limits=Limits(read=0.1), retry=Retry(attempts=1))
    with pytest.raises(Unavailable, match="the answer did not come in time"):
        client.get("/x")
