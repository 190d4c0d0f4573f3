"""The local server, over real sockets: ranges, headers, who may ask, and what is explained."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from attrs import field, frozen

from datalake.dashboard.desk import Desk
from datalake.dashboard.server import HOSTS, POLICY, application, listen, serving
from datalake.errors import ConfigError

from .conftest import LAST, rows_of, view_of, write


@frozen
class Answer:
    status: int
    headers: http.client.HTTPMessage = field(repr=False)
    body: bytes = field(repr=False)

    def json(self):
        return json.loads(self.body)


@frozen
class Client:
    """Asks a server that was started for a view."""

    port: int

    def get(self, path: str, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def explain(self, **asked: str) -> Answer:
        return self.get("/api/explain?" + "&".join(f"{k}={quote(v)}" for k, v in asked.items()))


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """Start servers of views, with a page in place of the built one."""
    ends = []
    page = tmp_path_factory.mktemp("page")
    (page / "index.html").write_text("<!doctype html>", encoding="utf-8")

    def start(view) -> Client:
        listening = listen(0)
        desk = Desk(view, tmp_path_factory.mktemp("served"), page)
        desk.current()
        server = serving(application(desk))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        ends.append((server, thread, listening))
        return Client(listening.getsockname()[1])

    yield start
    for server, thread, listening in ends:
        server.should_exit = True
        thread.join(timeout=30)
        listening.close()
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def client(serve, published) -> Client:
    """Of what two runs published."""
    return serve(view_of(published.output))


def test_the_file_is_read_by_ranges(client, published):
    """Answered with 206, and only what was asked for."""
    data = published.output.read_bytes()
    path = "/" + client.get("/data/overview.json").json()["files"]["data"]["path"]
    last = client.get(path, Range="bytes=-8")
    assert (last.status, last.body) == (206, data[-8:])
    some = client.get(path, Range="bytes=100-199")
    assert (some.status, some.body) == (206, data[100:200])
    assert some.headers["Content-Range"] == f"bytes 100-199/{len(data)}"
    assert "Content-Encoding" not in client.get(path, **{"Accept-Encoding": "gzip"}).headers
    assert client.get(path, Range=f"bytes={len(data)}-").status == 416


@pytest.mark.parametrize("path", ["/", "/data/overview.json", "/api/explain", "/none", "/%2e%2e/x"])
def test_each_answer_keeps_the_page_to_itself(client, path):
    """Whatever it is: no other origin, no guessing of types, nothing kept without asking."""
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-cache"
    assert "Access-Control-Allow-Origin" not in headers
    assert "unsafe" not in POLICY


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_another_name_for_this_machine(client, host):
    """A page from elsewhere that made its name lead here is not answered."""
    assert client.get("/data/overview.json", Host=host).status == 400
    for name in HOSTS:
        assert client.get("/", Host=f"{name}:{client.port}").status == 200


@pytest.mark.parametrize(
    "path", ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/data/../../x"]
)
def test_nothing_outside_of_the_site(client, path):
    assert client.get(path).status == 404


def test_a_number_explained(client, published):
    """Of any day, of any member's name; it is what is published."""
    told = client.explain(asset="bitcoin", column="volume", date="2026-02-01")
    assert told.status == 200
    assert (told.json()["equal"], told.json()["date"]) == (True, "2026-02-01")
    assert len(told.json()["members"]) > 5
    newest = client.explain(asset="bitcoin", column="volume").json()
    assert (newest["equal"], newest["date"]) == (True, LAST.isoformat())
    other = client.explain(asset="wrapped-bitcoin", column="close", date="2026-02-01").json()
    assert (other["asset"], other["canonical_id"]) == ("wrapped-bitcoin", "bitcoin")


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"asset": "bitcoin"}, 422, "column is missing"),
        ({"asset": "bitcoin", "column": "close", "date": "x"}, 422, "'x' is not a day"),
        ({"asset": "bitcion", "column": "close", "date": "2026-02-01"}, 404, "mean 'bitcoin'"),
        ({"asset": "bitcoin", "column": "clos", "date": "2026-02-01"}, 404, "no column 'clos'"),
        ({"asset": "bitcoin", "column": "close", "date": "2036-02-01"}, 404, "the last day of"),
    ],
)
def test_a_question_without_an_answer(client, asked, status, said):
    """Is told so in a sentence."""
    answer = client.explain(**asked)
    assert answer.status == status
    assert said in answer.json()["error"]


def test_details_are_made_when_they_are_asked_for(client):
    """The same as an export has; of one asset after the other."""
    told = client.get("/data/overview.json").json()
    assert told["api"] is True
    for one in told["assets"][:2]:
        answer = client.get(f"/{told['files']['details']}{quote(one['file'], safe='')}")
        assert (answer.status, answer.json()["id"]) == (200, one["id"])
        assert answer.json()["day"] == LAST.isoformat()
    unknown = client.get(f"/{told['files']['details']}none.json")
    assert (unknown.status, unknown.json()) == (404, {"error": "there is no asset 'none.json'"})


def test_documents_are_small_on_their_way(client):
    answer = client.get("/data/overview.json", **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.body))["format"] == 1


def test_what_is_published_meanwhile(serve, publish, tmp_path):
    """The next load of the page shows it; one that is open is told to load again."""
    made = publish(tmp_path / "out", top=1)
    client = serve(view_of(made.output))
    before = client.get("/data/overview.json").json()
    assert client.get("/data/overview.json").json() == before
    publish(tmp_path / "out", top=1, columns="extended")
    after = client.get("/data/overview.json").json()
    assert after["files"]["data"]["path"] != before["files"]["data"]["path"]
    assert after["last_run"]["run_id"] != before["last_run"]["run_id"]
    assert client.get("/" + before["files"]["data"]["path"]).status == 200
    stale = client.get(f"/{before['files']['details']}bitcoin.json")
    assert stale.status == 404
    assert "load the page again" in stale.json()["error"]


def test_what_cannot_be_shown_any_more(serve, tmp_path):
    """Is said, in place of numbers that may be wrong."""
    path = write(tmp_path / "x.parquet", rows_of(bitcoin={"close": [1.0]}))
    client = serve(view_of(path))
    assert client.get("/data/overview.json").status == 200
    data = path.read_bytes()
    path.write_bytes(data[:-20])
    answer = client.get("/data/overview.json")
    assert answer.status == 404
    assert "cannot be read" in answer.json()["error"]
    path.write_bytes(data)
    assert client.get("/data/overview.json").status == 200


def test_without_a_lake(serve, tmp_path):
    """Nothing is explained, and the page knows it beforehand."""
    path = write(tmp_path / "x.parquet", rows_of(bitcoin={"close": [1.0]}))
    client = serve(view_of(path))
    told = client.get("/data/overview.json").json()
    assert (told["api"], told["files"]["details"]) == (False, None)
    answer = client.explain(asset="bitcoin", column="close", date=LAST.isoformat())
    assert answer.status == 404
    assert "nothing says which run made" in answer.json()["error"]


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} cannot be served .*in use"):
            listen(port)
